package fake

import (
	"fmt"
	"maps"
	"slices"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A stream is work in order.
type stream struct {
	works []work
}

// A work is something to do. One that awaits a point is done when that has been passed.
type work struct {
	run    func() error
	kernel bool
	awaits *point
	passes *point
}

// A point is where in a stream an event was recorded.
type point struct {
	stream *stream
	passed bool
}

// NewStream returns an empty one.
func (d *Device) NewStream() (driver.Stream, error) {
	defer d.lock()()
	if err := d.usable("cuStreamCreate"); err != nil {
		return 0, err
	}
	s := driver.Stream(d.handle())
	d.streams[s] = &stream{}
	return s, nil
}

// CloseStream does what s has to do, and forgets it.
func (d *Device) CloseStream(s driver.Stream) error {
	const call = "cuStreamDestroy"
	defer d.lock()()
	st, err := d.stream(call, s)
	if err != nil {
		return err
	}
	d.drain(st)
	delete(d.streams, s)
	return d.failed
}

// NewEvent returns one that has not been recorded.
func (d *Device) NewEvent() (driver.Event, error) {
	defer d.lock()()
	if err := d.usable("cuEventCreate"); err != nil {
		return 0, err
	}
	e := driver.Event(d.handle())
	d.events[e] = nil
	return e, nil
}

// CloseEvent forgets e.
func (d *Device) CloseEvent(e driver.Event) error {
	const call = "cuEventDestroy"
	defer d.lock()()
	if _, err := d.event(call, e); err != nil {
		return err
	}
	delete(d.events, e)
	return nil
}

func (d *Device) stream(call string, s driver.Stream) (*stream, error) {
	if err := d.usable(call); err != nil {
		return nil, err
	}
	if st, ok := d.streams[s]; ok {
		return st, nil
	}
	return nil, fault(call, invalidHandle, nil)
}

func (d *Device) event(call string, e driver.Event) (*point, error) {
	if err := d.usable(call); err != nil {
		return nil, err
	}
	p, ok := d.events[e]
	if !ok {
		return nil, fault(call, invalidHandle, nil)
	}
	return p, nil
}

// queue gives s something to do.
func (d *Device) queue(call string, s driver.Stream, w work) error {
	st, err := d.stream(call, s)
	if err != nil {
		return err
	}
	st.works = append(st.works, w)
	if d.options.Early {
		d.hurry()
	}
	return nil
}

// hurry does all copies that nothing keeps waiting. An error shows when somebody waits.
func (d *Device) hurry() {
	for again := true; again; {
		again = false
		for _, s := range slices.Sorted(maps.Keys(d.streams)) {
			st := d.streams[s]
			for len(st.works) > 0 && !st.works[0].kernel && (st.works[0].awaits == nil || st.works[0].awaits.passed) {
				d.step(st)
				again = true
			}
		}
	}
}

// Record marks where s is.
func (d *Device) Record(e driver.Event, s driver.Stream) error {
	const call = "cuEventRecord"
	defer d.lock()()
	if _, err := d.event(call, e); err != nil {
		return err
	}
	st, err := d.stream(call, s)
	if err != nil {
		return err
	}
	p := &point{stream: st}
	d.events[e] = p
	return d.queue(call, s, work{passes: p})
}

// Wait lets s wait for where e was last recorded. If it never was there is nothing to wait for.
func (d *Device) Wait(s driver.Stream, e driver.Event) error {
	const call = "cuStreamWaitEvent"
	defer d.lock()()
	p, err := d.event(call, e)
	if err != nil || p == nil {
		return err
	}
	return d.queue(call, s, work{awaits: p})
}

// SyncEvent does what has to be done before e has happened, and no more.
func (d *Device) SyncEvent(e driver.Event) error {
	const call = "cuEventSynchronize"
	defer d.lock()()
	p, err := d.event(call, e)
	if err != nil || p == nil {
		return err
	}
	d.reach(p)
	return d.failed
}

// SyncStream does all that s has to do, and of other streams what that waits for.
func (d *Device) SyncStream(s driver.Stream) error {
	const call = "cuStreamSynchronize"
	defer d.lock()()
	st, err := d.stream(call, s)
	if err != nil {
		return err
	}
	d.drain(st)
	return d.failed
}

func (d *Device) drain(st *stream) {
	for len(st.works) > 0 && d.failed == nil {
		d.step(st)
	}
}

// reach does what comes before p.
func (d *Device) reach(p *point) {
	for !p.passed && d.failed == nil {
		d.step(p.stream)
	}
}

// step does the next work of st. Its error sticks to the device.
func (d *Device) step(st *stream) {
	w := st.works[0]
	if w.awaits != nil {
		d.reach(w.awaits)
	}
	st.works = st.works[1:]
	if w.run != nil && d.failed == nil {
		d.failed = w.run()
	}
	if w.passes != nil {
		w.passes.passed = true
	}
}

// ToDevice queues a copy. What src holds then is copied.
func (d *Device) ToDevice(s driver.Stream, dst driver.Ptr, src []byte) error {
	const call = "cuMemcpyHtoDAsync"
	return d.queueCopy(call, s, dst, len(src), func(device []byte) { copy(device, src) })
}

// ToHost queues a copy. It shows in dst when it is done.
func (d *Device) ToHost(s driver.Stream, dst []byte, src driver.Ptr) error {
	const call = "cuMemcpyDtoHAsync"
	return d.queueCopy(call, s, src, len(dst), func(device []byte) { clear(dst[copy(dst, device):]) })
}

// Fill queues setting bytes.
func (d *Device) Fill(s driver.Stream, dst driver.Ptr, value byte, bytes int) error {
	const call = "cuMemsetD8Async"
	return d.queueCopy(call, s, dst, bytes, func(device []byte) {
		for i := range device {
			device[i] = value
		}
	})
}

// queueCopy queues something to do with n bytes of device memory at p.
func (d *Device) queueCopy(call string, s driver.Stream, p driver.Ptr, n int, do func(device []byte)) error {
	defer d.lock()()
	if n == 0 {
		_, err := d.stream(call, s)
		return err
	}
	return d.queue(call, s, work{run: func() error {
		b := d.memory.Bytes(uint64(p), n)
		if b == nil {
			return fault(call, badValue, fmt.Errorf("%d bytes at %#x are not allocated", n, uint64(p)))
		}
		do(b)
		return nil
	}})
}
