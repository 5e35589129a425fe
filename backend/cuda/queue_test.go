package cuda

import (
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A counter is a device that counts the launches which the host has not waited for.
type counter struct {
	driver.Device
	launched, done, ahead int
	recorded              map[driver.Event]int
}

func (c *counter) Launch(s driver.Stream, f driver.Function, l *driver.Launch) error {
	c.launched++
	c.ahead = max(c.ahead, c.launched-c.done)
	return c.Device.Launch(s, f, l)
}

func (c *counter) Record(e driver.Event, s driver.Stream) error {
	c.recorded[e] = c.launched
	return c.Device.Record(e, s)
}

func (c *counter) SyncEvent(e driver.Event) error {
	c.done = max(c.done, c.recorded[e])
	return c.Device.SyncEvent(e)
}

// TestAhead checks that the host is ahead of the device by two batches of launches, neither more nor less.
func TestAhead(t *testing.T) {
	b, d := opened(t, fake.Options{Idle: true})
	c := &counter{Device: d, recorded: map[driver.Event]int{}}
	b.device = c
	m, err := b.Alloc(1024)
	must(t, err)
	x := tensor.Make(m, 0, tensor.F32, 256)
	for range 1000 {
		b.Act(x, x, backend.ReLU)
	}
	must(t, b.Sync())
	if c.ahead != 2*batch {
		t.Errorf("%d launches ahead", c.ahead)
	}
}

// BenchmarkLaunch measures what an operation takes on the host, through the Stream, with an operand that the device has a copy of.
func BenchmarkLaunch(b *testing.B) {
	d, _ := opened(b, fake.Options{Idle: true})
	s := stream(b, d, tensor.F32, 1<<16)
	x, w := s.New(16, 256), counting(0, 256)
	for b.Loop() {
		s.Add(x, x, w)
	}
}

// TestLaunchCost checks that operations are given out much faster than a GPU takes them, one every 20 µs.
func TestLaunchCost(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes its time")
	}
	d, _ := opened(t, fake.Options{Idle: true})
	s := stream(t, d, tensor.F32, 1<<16)
	x, w := s.New(16, 256), counting(0, 256)
	least := time.Hour
	for range 20 { // of which one will not be disturbed by what else this machine does
		const n = 200
		start := time.Now()
		for range n {
			s.Add(x, x, w)
		}
		least = min(least, time.Since(start)/n)
	}
	if least > 5*time.Microsecond {
		t.Errorf("an operation takes the host %v", least)
	}
}
