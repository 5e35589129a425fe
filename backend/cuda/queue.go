package cuda

import "github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"

// batch is how many launches an event follows. The host is two of them ahead of the device at most: enough for the device to be
// busy, and little enough for a call that is cancelled to return soon.
const batch = 64

// A queue counts launches, and holds up the host while it is too far ahead.
type queue struct {
	launches int
	events   [2]driver.Event
}

// launched counts a launch on s.
func (q *queue) launched(d driver.Device, s driver.Stream) error {
	if q.launches++; q.launches%batch != 0 {
		return nil
	}
	number := q.launches / batch
	if err := d.Record(q.events[number%2], s); err != nil || number == 1 {
		return err
	}
	return d.SyncEvent(q.events[(number+1)%2])
}
