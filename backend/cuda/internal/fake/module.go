package fake

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/ptx"
)

// parsed holds modules by their text, for the life of the process: every test that opens a device loads the same.
var parsed sync.Map // of string to *ptx.Module

type module struct {
	module *ptx.Module
	text   string
}

type function struct {
	kernel *ptx.Kernel
	shared int // bytes of dynamic shared memory that are allowed
}

// A launch that is not allowed more may have so much shared memory.
const (
	maxShared     = ptx.MaxShared
	defaultShared = 48 << 10
)

// LoadModule parses PTX.
func (d *Device) LoadModule(text string) (driver.Module, string, error) {
	const call = "cuModuleLoadDataEx"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return 0, "", err
	}
	if d.options.ModuleLog != "" {
		return 0, d.options.ModuleLog, fault(call, invalidPTX, nil)
	}
	m, ok := parsed.Load(text)
	if !ok {
		fresh, err := ptx.Parse(text)
		if err != nil {
			return 0, err.Error(), fault(call, invalidPTX, err)
		}
		m, _ = parsed.LoadOrStore(text, fresh)
	}
	d.modules = append(d.modules, module{m.(*ptx.Module), text})
	return driver.Module(len(d.modules)), "", nil
}

// Function returns a kernel of a module.
func (d *Device) Function(m driver.Module, name string) (driver.Function, error) {
	const call = "cuModuleGetFunction"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return 0, err
	}
	if m < 1 || int(m) > len(d.modules) {
		return 0, fault(call, invalidHandle, nil)
	}
	k := d.modules[m-1].module.Kernel(name)
	if k == nil {
		return 0, fault(call, notFound, errors.New(name))
	}
	d.functions = append(d.functions, function{k, defaultShared})
	return driver.Function(len(d.functions)), nil
}

// AllowShared fails above 99 KB.
func (d *Device) AllowShared(f driver.Function, bytes int) error {
	const call = "cuFuncSetAttribute"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return err
	}
	if f < 1 || int(f) > len(d.functions) {
		return fault(call, invalidHandle, nil)
	}
	if bytes < 0 || bytes > maxShared {
		return invalidValue(call, fmt.Sprintf("%d bytes of shared memory", bytes))
	}
	d.functions[f-1].shared = max(bytes, defaultShared)
	return nil
}

// Launch queues a kernel. Its arguments are copied.
func (d *Device) Launch(s driver.Stream, f driver.Function, l *driver.Launch) error {
	const call = "cuLaunchKernel"
	defer d.lock()()
	if err := d.usable(call); err != nil {
		return err
	}
	if f < 1 || int(f) > len(d.functions) {
		return fault(call, invalidHandle, nil)
	}
	fn := d.functions[f-1]
	switch {
	case l.Shared > fn.shared:
		return invalidValue(call, fmt.Sprintf("%s: %d bytes of shared memory are not allowed", fn.kernel.Name, l.Shared))
	case l.Size != fn.kernel.ArgsSize():
		return invalidValue(call, fmt.Sprintf("%s: %d bytes of arguments for parameters of %d", fn.kernel.Name, l.Size, fn.kernel.ArgsSize()))
	}
	args := append([]byte(nil), unsafe.Slice((*byte)(l.Args), l.Size)...)
	launch := ptx.Launch{Grid: l.Grid, Block: l.Block, Shared: l.Shared, Args: args}
	d.launches++
	number := d.launches
	return d.queue(call, s, work{kernel: true, run: func() error { return d.execute(number, fn.kernel, launch) }})
}

func (d *Device) execute(number int, k *ptx.Kernel, l ptx.Launch) error {
	if lost := d.options.LoseAtStart; lost != 0 && number >= lost {
		return fault("cuLaunchKernel", launchFailed, nil)
	}
	if d.options.Idle {
		return nil
	}
	if err := k.Run(l, &d.memory, nil); err != nil {
		return fault("cuLaunchKernel", illegalAddress, err)
	}
	return nil
}
