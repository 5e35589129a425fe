//go:build cgo && linux && (amd64 || arm64)

package native

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// recorded builds testdata/driver.c, a driver that writes down how it is called, with the definitions given. The function returns
// the calls since it was last called.
func recorded(t *testing.T, definitions ...string) (file string, calls func() []string) {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("needs a C compiler")
	}
	dir := t.TempDir()
	file, log := filepath.Join(dir, "driver.so"), filepath.Join(dir, "calls")
	args := append(definitions, fmt.Sprintf("-DLOG=%q", log), "-shared", "-fPIC", "-Wall", "-Werror", "-o", file, "testdata/driver.c")
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := 0
	return file, func() []string {
		text, _ := os.ReadFile(log)
		lines := strings.Split(strings.TrimSuffix(string(text[seen:]), "\n"), "\n")
		seen = len(text)
		return lines
	}
}

// TestCalls makes every call, to a driver whose functions have the types that NVIDIA's have, and looks at what arrives.
func TestCalls(t *testing.T) {
	file, calls := recorded(t)
	l, err := open("no such driver", file)
	must(t, err)
	version, err := l.Version()
	must(t, err)
	n, err := l.Devices()
	must(t, err)
	if version != 12040 || n != 3 {
		t.Errorf("version %d, %d devices", version, n)
	}
	d, err := l.Open(2)
	must(t, err)
	calls()
	pinned, err := d.AllocHost(100)
	must(t, err)
	args := struct{ a, b int32 }{17, -4}
	for _, c := range []struct {
		call func() (any, error)
		want any
		said string // without the context, which has to be there
	}{
		{func() (any, error) { return d.Name(), nil }, "device 2", "cuDeviceGetName 256 device=2"},
		{func() (any, error) { return d.Attribute(driver.Multiprocessors) }, 132, "cuDeviceGetAttribute 16 device=2"},
		{func() (any, error) { free, total, err := d.Memory(); return [2]int64{free, total}, err }, [2]int64{5 << 33, 7 << 33}, "cuMemGetInfo"},
		{func() (any, error) { m, log, err := d.LoadModule(".version"); return fmt.Sprintln(m, log), err }, "16 no error\n", "cuModuleLoadDataEx .version 2 options, log of 8192"},
		{func() (any, error) { return d.Function(16, "gemm") }, driver.Function(32), "cuModuleGetFunction 16 gemm"},
		{func() (any, error) { return nil, d.AllowShared(32, 99<<10) }, nil, "cuFuncSetAttribute 32 8 101376"},
		{func() (any, error) { return d.Alloc(5 << 32) }, driver.Ptr(0x7f0000000000), "cuMemAlloc 21474836480"},
		{func() (any, error) { return nil, d.Free(0x7f0000000000) }, nil, "cuMemFree 0x7f0000000000"},
		{func() (any, error) { b, err := d.AllocHost(64); return len(b), err }, 64, "cuMemHostAlloc 64 1"},
		{func() (any, error) { return nil, d.FreeHost(pinned) }, nil, "cuMemFreeHost of 100 bytes"},
		{func() (any, error) { return d.NewStream() }, driver.Stream(48), "cuStreamCreate 1"},
		{func() (any, error) { return nil, d.CloseStream(48) }, nil, "cuStreamDestroy 48"},
		{func() (any, error) { return d.NewEvent() }, driver.Event(64), "cuEventCreate 2"},
		{func() (any, error) { return nil, d.CloseEvent(64) }, nil, "cuEventDestroy 64"},
		{func() (any, error) { return nil, d.Record(64, 48) }, nil, "cuEventRecord event=64 stream=48"},
		{func() (any, error) { return nil, d.Wait(48, 64) }, nil, "cuStreamWaitEvent stream=48 event=64 0"},
		{func() (any, error) { return nil, d.SyncEvent(64) }, nil, "cuEventSynchronize 64"},
		{func() (any, error) { return nil, d.SyncStream(48) }, nil, "cuStreamSynchronize 48"},
		{func() (any, error) { return nil, d.ToDevice(48, 0x7f0000000100, []byte("to the device")) }, nil, "cuMemcpyHtoDAsync 0x7f0000000100 'to the device' stream=48"},
		{func() (any, error) {
			b := make([]byte, 9)
			err := d.ToHost(48, b, 0x7f0000000200)
			return string(b), err
		}, "*********", "cuMemcpyDtoHAsync 9 bytes 0x7f0000000200 stream=48"},
		{func() (any, error) { return nil, d.Fill(48, 0x7f0000000300, 200, 5<<30) }, nil, "cuMemsetD8Async 0x7f0000000300 200 5368709120 stream=48"},
		{func() (any, error) {
			return nil, d.Launch(48, 32, &driver.Launch{Grid: [3]int{70000, 2, 3}, Block: [3]int{128, 4, 5}, Shared: 6, Args: unsafe.Pointer(&args), Size: 8})
		}, nil, "cuLaunchKernel 32 grid=70000,2,3 block=128,4,5 shared=6 stream=48 arguments of 8 bytes: 17 -4"},
	} {
		calls()
		got, err := c.call()
		if err != nil || got != c.want {
			t.Errorf("%s: returned %v, %v, want %v", c.said, got, err, c.want)
		}
		if said := calls(); len(said) != 1 || strings.TrimPrefix(said[0], "in context 2: ") != c.said {
			t.Errorf("called %q, want %q", said, c.said)
		} else if inContext := strings.HasPrefix(said[0], "in context"); inContext == strings.Contains(c.said, "device=") {
			t.Errorf("%q: context set: %v", c.said, inContext)
		}
	}
	calls()
	must(t, d.Close())
	if said := calls(); !slices.Equal(said, []string{"cuDevicePrimaryCtxRelease device=2"}) {
		t.Errorf("close called %q", said)
	}
}

// TestErrors checks what is said of a driver that is not there, one that lacks a function and one that refuses.
func TestErrors(t *testing.T) {
	if _, err := open("no such driver", "another"); err == nil || !strings.Contains(err.Error(), "no such driver: cannot open") {
		t.Error(err)
	}
	old, _ := recorded(t, "-DOLD")
	if _, err := open(old); err == nil || !strings.Contains(err.Error(), "too old: it has no cuLaunchKernel") {
		t.Error(err)
	}
	refusing, _ := recorded(t, "-DREFUSE=100")
	var code *driver.Error
	without, err := open(refusing)
	must(t, err)
	if _, err := without.Devices(); !errors.As(err, &code) || *code != (driver.Error{Call: "cuInit", Code: 100, Name: "CUDA_ERROR_NO_DEVICE"}) {
		t.Error(err)
	}
	file, _ := recorded(t)
	l, err := open(file)
	must(t, err)
	d, err := l.Open(0)
	must(t, err)
	if _, err := d.Alloc(1 << 62); !errors.As(err, &code) || code.Code != driver.OutOfMemory || code.Call != "cuMemAlloc" {
		t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
