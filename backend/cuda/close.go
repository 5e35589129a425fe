package cuda

import "github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"

// Close waits for the device and gives back all that was made on it: other programs, and other parts of this one, use it as well.
func (b *Backend) Close() error {
	if b.device != nil {
		b.device.SyncStream(b.transfer)
		b.device.SyncStream(b.compute)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for m := range b.memory.owned {
		m.Drop()
	}
	if b.device == nil { // on paper
		return nil
	}
	for at := range b.memory.sizes {
		b.device.Free(at)
	}
	for _, undo := range b.undo {
		undo()
	}
	return b.device.Close()
}

func (b *Backend) newStream() (driver.Stream, error) {
	s, err := b.device.NewStream()
	if err == nil {
		b.undo = append(b.undo, func() { b.device.CloseStream(s) })
	}
	return s, err
}

func (b *Backend) newEvent() (driver.Event, error) {
	e, err := b.device.NewEvent()
	if err == nil {
		b.undo = append(b.undo, func() { b.device.CloseEvent(e) })
	}
	return e, err
}

// allocPinned returns page-locked memory of the host.
func (b *Backend) allocPinned(bytes int) ([]byte, error) {
	p, err := b.device.AllocHost(bytes)
	if err == nil {
		b.undo = append(b.undo, func() { b.device.FreeHost(p) })
	}
	return p, err
}
