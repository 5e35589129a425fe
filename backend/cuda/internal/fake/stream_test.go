package fake

import (
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A transfer copies to memory on a stream of its own, and doubles there what has arrived.
type transfer struct {
	*bench
	copies   driver.Stream
	p        driver.Ptr
	copied   driver.Event // a copy is there
	consumed driver.Event // the kernel is done with it
}

func openTransfer(t *testing.T, o Options) *transfer {
	b := open(t, o)
	return &transfer{b, must(b.NewStream()), must(b.Alloc(4)), must(b.NewEvent()), must(b.NewEvent())}
}

// run doubles 1 and then 10 in the same place. Without waits, kernels and copies do not wait for one another.
func (x *transfer) run(copyWaits, kernelWaits bool) (results [2]float32) {
	x.t.Helper()
	for i, v := range []float32{1, 10} {
		if copyWaits {
			x.check(x.Wait(x.copies, x.consumed))
		}
		x.check(x.ToDevice(x.copies, x.p, bytesOf([]float32{v})), x.Record(x.copied, x.copies))
		if kernelWaits {
			x.check(x.Wait(x.stream, x.copied))
		}
		x.check(x.launch(x.p, 1), x.ToHost(x.stream, bytesOf(results[i:i+1]), x.p), x.Record(x.consumed, x.stream))
	}
	x.check(x.SyncStream(x.stream))
	return results
}

func TestOrderOfStreams(t *testing.T) {
	want := [2]float32{2, 20}
	for _, early := range []bool{false, true} {
		if got := openTransfer(t, Options{Early: early}).run(true, true); got != want {
			t.Errorf("early %t: got %v, want %v", early, got, want)
		}
	}
	if got := openTransfer(t, Options{}).run(true, false); got == want {
		t.Error("a kernel that does not wait for its copy is right")
	}
	if got := openTransfer(t, Options{Early: true}).run(false, true); got == want {
		t.Error("a copy that does not wait for the kernel before is right")
	}
}

func TestSyncEventDoesNoMore(t *testing.T) {
	b := open(t, Options{})
	p, e := must(b.Alloc(4)), must(b.NewEvent())
	first, second := []float32{0}, []float32{0}
	b.check(b.ToDevice(b.stream, p, bytesOf([]float32{3})), b.ToHost(b.stream, bytesOf(first), p), b.Record(e, b.stream),
		b.ToHost(b.stream, bytesOf(second), p), b.SyncEvent(e))
	if first[0] != 3 || second[0] != 0 {
		t.Errorf("got %v, %v", first, second)
	}
	if never := must(b.NewEvent()); b.SyncEvent(never) != nil || b.Wait(b.stream, never) != nil {
		t.Error("an event that was never recorded is waited for")
	}
}

func TestMemory(t *testing.T) {
	b := open(t, Options{Memory: 1000})
	p := must(b.Alloc(600))
	if _, err := b.Alloc(401); !strings.Contains(err.Error(), "OUT_OF_MEMORY") {
		t.Errorf("got %v", err)
	}
	q := must(b.Alloc(400))
	got := make([]byte, 4)
	b.check(b.ToHost(b.stream, got, p), b.SyncStream(b.stream))
	if string(got) != "\xff\xff\xff\xff" {
		t.Errorf("fresh memory holds %x", got)
	}
	b.check(b.Free(p))
	if u := b.Use(); u.InUse != 400 || u.Peak != 1000 {
		t.Errorf("got %+v", u)
	}
	if b.Free(p) == nil {
		t.Error("freed twice")
	}
	if r := must(b.Alloc(600)); r == p {
		t.Error("an address is used again")
	}
	b.check(b.Fill(b.stream, q, 0, 400), b.SyncStream(b.stream))
}

func TestMisuseOfMemory(t *testing.T) {
	host := make([]byte, 8)
	for name, misuse := range map[string]func(b *bench) error{
		"past the end": func(b *bench) error { return b.ToDevice(b.stream, must(b.Alloc(8))+4, host) },
		"freed too early": func(b *bench) error {
			p := must(b.Alloc(8))
			b.check(b.ToDevice(b.stream, p, host))
			return b.Free(p)
		},
		"kernel past the end": func(b *bench) error { return b.launch(must(b.Alloc(8)), 3) },
		"host pointer": func(b *bench) error {
			return b.Fill(b.stream, 0x1000, 0, 8)
		},
	} {
		b := open(t, Options{})
		b.check(misuse(b))
		if b.SyncStream(b.stream) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFreedHostMemory(t *testing.T) {
	b := open(t, Options{})
	host, p, got := must(b.AllocHost(4)), must(b.Alloc(4)), make([]byte, 4)
	clear(host)
	b.check(b.ToDevice(b.stream, p, host), b.FreeHost(host), b.ToHost(b.stream, got, p), b.SyncStream(b.stream))
	if string(got) == "\x00\x00\x00\x00" {
		t.Error("a copy from memory that is freed before is right")
	}
	if b.FreeHost(host) == nil {
		t.Error("freed twice")
	}
}

func TestRefusedLaunches(t *testing.T) {
	b := open(t, Options{})
	l := driver.Launch{Grid: [3]int{1, 1, 1}, Block: [3]int{1, 1, 1}, Shared: 49 << 10}
	args := doubleArgs{}
	l.Args, l.Size = pointerTo(&args), 16
	if b.Launch(b.stream, b.double, &l) == nil {
		t.Error("49 KB of shared memory without leave")
	}
	b.check(b.AllowShared(b.double, 49<<10), b.Launch(b.stream, b.double, &l), b.SyncStream(b.stream))
	if b.AllowShared(b.double, 100<<10) == nil {
		t.Error("100 KB of shared memory")
	}
	l.Size = 8
	if b.Launch(b.stream, b.double, &l) == nil {
		t.Error("half of the arguments")
	}
	if _, err := b.Function(1, "treble"); err == nil {
		t.Error("a kernel that is not there")
	}
}

func TestWhatGoesWrong(t *testing.T) {
	if _, err := New(Options{}).Devices(); err == nil {
		t.Error("no device, no error")
	}
	d := New(Options{Devices: 1, Version: 11040, ModuleLog: "ptxas is out of sorts"})
	if v := must(d.Version()); v != 11040 {
		t.Errorf("version %d", v)
	}
	if _, err := d.Open(1); err == nil {
		t.Error("device 1 of 1")
	}
	if _, log, err := must(d.Open(0)).LoadModule(double); err == nil || log != "ptxas is out of sorts" {
		t.Errorf("got %q, %v", log, err)
	}
	b := open(t, Options{LoseAtStart: 2})
	p := must(b.Alloc(4))
	b.check(b.Fill(b.stream, p, 0, 4), b.launch(p, 1), b.SyncStream(b.stream), b.launch(p, 1))
	if b.SyncStream(b.stream) == nil || b.Fill(b.stream, p, 0, 4) == nil {
		t.Error("a lost device works")
	}
}

func TestIdle(t *testing.T) {
	b := open(t, Options{Idle: true, Memory: 1 << 40})
	p := must(b.Alloc(1 << 39))
	b.check(b.launch(p, 1), b.SyncStream(b.stream))
	if u := b.Use(); u.Launches != 1 || u.Peak != 1<<39 {
		t.Errorf("got %+v", u)
	}
}
