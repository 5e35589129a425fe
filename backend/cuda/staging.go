package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A staging is page-locked memory of the host, which what is copied passes through. The host's pages are read by Go: where a
// mapped file has been cut that is a fault, which becomes an error; in the driver it would end the process.
type staging chan *slot

// A slot holds a piece on its way.
type slot struct {
	bytes []byte
	free  driver.Event // when it has been copied
	sent  bool
}

const (
	slots     = 4
	slotBytes = 4 << 20
)

// newStaging makes the slots.
func (b *Backend) newStaging() error {
	b.staging = make(staging, slots)
	for range slots {
		bytes, err := b.allocPinned(slotBytes)
		if err != nil {
			return err
		}
		free, err := b.newEvent()
		if err != nil {
			return err
		}
		b.staging <- &slot{bytes: bytes, free: free}
	}
	return nil
}

// slot returns one that may be written to, when it has been sent. It goes back by release.
func (b *Backend) slot() *slot {
	s := <-b.staging
	if s.sent {
		b.fail(b.device.SyncEvent(s.free))
		s.sent = false
	}
	return s
}

func (g staging) release(s *slot) { g <- s }

// put copies what fill stores in n bytes to the device, on s.
func (b *Backend) put(s driver.Stream, dst driver.Ptr, n int, fill func(piece []byte)) error {
	piece := b.slot()
	defer b.staging.release(piece) // though fill may panic
	fill(piece.bytes[:n:n])
	return b.dispatch(s, dst, piece, n)
}

// dispatch copies n bytes of a slot to the device.
func (b *Backend) dispatch(s driver.Stream, dst driver.Ptr, piece *slot, n int) error {
	if err := b.device.ToDevice(s, dst, piece.bytes[:n]); err != nil {
		return err
	}
	piece.sent = true
	return b.device.Record(piece.free, s)
}

// send copies the numbers of a source to the device, as what the copy has them.
func (b *Backend) send(s driver.Stream, stop func() bool, from source) error {
	const atOnce = slotBytes / 4
	at, left := from.at, from.numbers
	for size, to := from.extent.from.Size(), from.to.Size(); len(left) > 0 && !stop(); {
		n := min(len(left)/size, atOnce)
		err := b.put(s, at, n*to, func(piece []byte) { convert(piece, from.to, left[:n*size], from.extent.from) })
		if err != nil {
			return err
		}
		at, left = at+driver.Ptr(n*to), left[n*size:]
	}
	return nil
}

// Stage returns memory of the host: a slot's, where that is enough.
func (b *Backend) Stage(dst Tensor) Tensor {
	n := dst.Len() * dst.DType().Size()
	var bytes []byte
	if n > slotBytes {
		bytes = make([]byte, n)
	} else {
		if b.staged == nil { // else there was a panic before Upload
			b.staged = b.slot()
		}
		bytes = b.staged.bytes[:n:n]
	}
	return tensor.Make(tensor.HostMemory(bytes), 0, dst.DType(), dst.Shape()...)
}

// Upload copies what is staged, which arrives after the operations issued before.
func (b *Backend) Upload(dst, staged Tensor) {
	bytes, at := tensor.Bytes(staged), b.address(dst)
	if len(bytes) > slotBytes {
		b.uploadPieces(at, bytes)
		return
	}
	piece := b.staged
	b.staged = nil
	defer b.staging.release(piece)
	if !b.failure.happened() {
		b.fail(b.dispatch(b.compute, at, piece, len(bytes)))
	}
}

// uploadPieces copies what no slot holds at once.
func (b *Backend) uploadPieces(at driver.Ptr, all []byte) {
	for lo := 0; lo < len(all) && !b.stopped() && !b.failure.happened(); lo += slotBytes {
		part := all[lo:min(lo+slotBytes, len(all))]
		b.fail(b.put(b.compute, at+driver.Ptr(lo), len(part), func(piece []byte) { copy(piece, part) }))
	}
}

// Download copies src into dst, and returns when that is done.
func (b *Backend) Download(dst []byte, src Tensor) {
	at := b.address(src)
	for len(dst) > 0 && !b.stopped() && !b.failure.happened() {
		n := min(len(dst), slotBytes)
		b.fail(b.get(dst[:n], at))
		dst, at = dst[n:], at+driver.Ptr(n)
	}
}

// get copies from the device, and waits.
func (b *Backend) get(dst []byte, src driver.Ptr) error {
	piece := b.slot()
	defer b.staging.release(piece)
	if err := b.device.ToHost(b.compute, piece.bytes[:len(dst)], src); err != nil {
		return err
	}
	if err := b.device.SyncStream(b.compute); err != nil {
		return err
	}
	copy(dst, piece.bytes)
	return nil
}
