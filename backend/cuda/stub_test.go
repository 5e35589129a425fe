package cuda

import (
	"fmt"
	"testing"
	"testing/fstest"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A stub is a driver of one device in memory of the host, which does at once what it is given.
type stub struct {
	version, devices, capability int
	free                         int64
	memory                       map[driver.Ptr][]byte
	launched                     []*driver.Launch
	handles                      uintptr
}

func newStub() *stub {
	return &stub{version: 12040, devices: 1, capability: 80, free: 1 << 30, memory: map[driver.Ptr][]byte{}}
}

func (s *stub) Version() (int, error)             { return s.version, nil }
func (s *stub) Devices() (int, error)             { return s.devices, nil }
func (s *stub) Open(int) (driver.Device, error)   { return s, nil }
func (s *stub) Name() string                      { return "a stub" }
func (s *stub) Memory() (int64, int64, error)     { return s.free, s.free, nil }
func (s *stub) FreeHost([]byte) error             { return nil }
func (s *stub) CloseStream(driver.Stream) error   { return nil }
func (s *stub) CloseEvent(driver.Event) error     { return nil }
func (s *stub) SyncEvent(driver.Event) error      { return nil }
func (s *stub) SyncStream(driver.Stream) error    { return nil }
func (s *stub) Close() error                      { return nil }
func (s *stub) AllocHost(n int) ([]byte, error)   { return make([]byte, n), nil }
func (s *stub) NewStream() (driver.Stream, error) { return driver.Stream(s.handle()), nil }
func (s *stub) NewEvent() (driver.Event, error)   { return driver.Event(s.handle()), nil }

func (s *stub) Record(driver.Event, driver.Stream) error         { return nil }
func (s *stub) Wait(driver.Stream, driver.Event) error           { return nil }
func (s *stub) AllowShared(driver.Function, int) error           { return nil }
func (s *stub) LoadModule(string) (driver.Module, string, error) { return 1, "", nil }
func (s *stub) Function(driver.Module, string) (driver.Function, error) {
	return driver.Function(s.handle()), nil
}

func (s *stub) Attribute(a driver.Attribute) (int, error) {
	switch a {
	case driver.ComputeMajor:
		return s.capability / 10, nil
	case driver.ComputeMinor:
		return s.capability % 10, nil
	}
	return 1, nil
}

func (s *stub) handle() uintptr { s.handles++; return s.handles }

func (s *stub) Alloc(n int) (driver.Ptr, error) {
	b := make([]byte, n)
	p := driver.Ptr(uintptr(unsafe.Pointer(&b[0])))
	s.memory[p] = b
	return p, nil
}

func (s *stub) Free(p driver.Ptr) error {
	if s.memory[p] == nil {
		return fmt.Errorf("free of %#x", p)
	}
	delete(s.memory, p)
	return nil
}

// at returns n bytes of device memory.
func (s *stub) at(p driver.Ptr, n int) []byte {
	for start, b := range s.memory {
		if p >= start && p+driver.Ptr(n) <= start+driver.Ptr(len(b)) {
			return b[p-start:][:n]
		}
	}
	panic(fmt.Sprintf("%d bytes at %#x", n, p))
}

func (s *stub) ToDevice(_ driver.Stream, dst driver.Ptr, src []byte) error {
	copy(s.at(dst, len(src)), src)
	return nil
}

func (s *stub) ToHost(_ driver.Stream, dst []byte, src driver.Ptr) error {
	copy(dst, s.at(src, len(dst)))
	return nil
}

func (s *stub) Fill(_ driver.Stream, dst driver.Ptr, value byte, n int) error {
	b := s.at(dst, n)
	for i := range b {
		b[i] = value
	}
	return nil
}

func (s *stub) Launch(_ driver.Stream, _ driver.Function, l *driver.Launch) error {
	s.launched = append(s.launched, l)
	return nil
}

// opened returns a backend on the stub, with a kernel called nothing.
func (s *stub) opened(t testing.TB) *Backend {
	b, err := open(s, 0, fstest.MapFS{"a.ptx": {Data: []byte(".version 8.4\n.visible .entry nothing(\n")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b.(*Backend)
}
