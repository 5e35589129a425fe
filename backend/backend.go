package backend

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A Backend is a device: its memory and its kernels. It serves one Stream at a time.
type Backend interface {
	// Name identifies the device, such as "cpu" or "cuda:0".
	Name() string
	// Supports returns an error that says what is not possible unless kernels take these types. F32 activations are always
	// possible.
	Supports(Types) error
	// Reaches reports whether t lies in memory that kernels can read: that of Alloc until it is freed, or of the host where
	// the device reads that.
	Reaches(t Tensor) bool
	// FusesNorm reports whether Conv2D normalises x while it reads it. If not, the Stream does so before.
	FusesNorm() bool
	// FusesGlu reports whether Gemm multiplies one half of its outputs by the other. If not, the Stream does so after.
	FusesGlu() bool
	// Alloc returns bytes of device memory; its content is undefined.
	Alloc(bytes int) (*tensor.Memory, error)
	// AllocHost is Alloc for weights that the host writes: memory that both can address, or that the device makes copies of.
	AllocHost(bytes int) (*tensor.Memory, error)
	// Free releases what Alloc or AllocHost returned, and drops it.
	Free(*tensor.Memory)
	// Stage returns a host tensor of the type and the shape of dst, which is compact. The host writes to it what dst is to have, and
	// Upload, the next call, then copies it there, after the operations issued before. It is dst itself where the host reaches that.
	Stage(dst Tensor) Tensor
	// Upload copies to dst what Stage has returned for it.
	Upload(dst, staged Tensor)
	// Download copies the compact tensor src into dst and returns when that is done.
	Download(dst []byte, src Tensor)
	// Sync waits for all operations and returns the first error since the last Sync.
	Sync() error
	// StopOn makes kernels end early, leaving their result undefined, once stop is true. Nil: never.
	StopOn(stop *atomic.Bool)
	// Scratch returns the bytes of workspace of all kernels together. It is part of every plan.
	Scratch() int
	// Close stops the workers and frees all memory of the device.
	Close() error
	Kernels
}

// A Config says how to open a backend.
type Config struct {
	Arg     string // what follows the colon in the name: "0" in "cuda:0"
	Workers int    // goroutines of a CPU backend; 0 means GOMAXPROCS
	Memory  int64  // bytes of its own memory that a device may use; 0 means what is free, less a tenth
}

var drivers struct {
	sync.Mutex
	open map[string]func(Config) (Backend, error)
}

// Register makes a backend available to Open under name. It is called by the init function of the backend's package.
func Register(name string, open func(Config) (Backend, error)) {
	drivers.Lock()
	defer drivers.Unlock()
	if drivers.open == nil {
		drivers.open = map[string]func(Config) (Backend, error){}
	}
	drivers.open[name] = open
}

// Open opens a backend that is linked into the program, by a name such as "cpu" or "cuda:0". Auto is the first one that can be
// opened, the CPU if there is no other.
func Open(name string, c Config) (Backend, error) {
	if name != Auto {
		return openNamed(name, c)
	}
	for _, kind := range Names() {
		if kind != processor {
			if b, err := openNamed(kind, c); err == nil {
				return b, nil
			}
		}
	}
	return openNamed(processor, c)
}

// Auto is the name of whichever backend can be opened.
const Auto = "auto"

const processor = "cpu"

func openNamed(name string, c Config) (Backend, error) {
	kind, arg, _ := strings.Cut(name, ":")
	drivers.Lock()
	open := drivers.open[kind]
	drivers.Unlock()
	if open == nil {
		return nil, fmt.Errorf("backend: unknown %q (this program has: %s)", name, strings.Join(Names(), ", "))
	}
	c.Arg = arg
	return open(c)
}

// Names lists the backends that are linked into the program.
func Names() []string {
	drivers.Lock()
	defer drivers.Unlock()
	return slices.Sorted(maps.Keys(drivers.open))
}

// A MemoryError says that a run would need more memory than it may use. Nothing has run.
type MemoryError struct {
	Need, Have int64  // bytes
	Device     string // whose memory it is; empty for that of the host
}

func (e *MemoryError) Error() string {
	whose := ""
	if e.Device != "" {
		whose = " of " + e.Device
	}
	// Rounded apart: they must not read the same.
	need, have := math.Ceil(float64(e.Need)/1e7)/100, math.Floor(float64(e.Have)/1e7)/100
	return fmt.Sprintf("backend: needs %.2f GB of memory%s, may use %.2f GB", need, whose, have)
}

// A FileError says that a mapped file was changed while in use, or that reading it failed, usually because it was cut.
type FileError struct {
	File    string
	Changed bool // it could be read, but is not what it was
}

func (e *FileError) Error() string {
	if e.Changed {
		return e.File + ": was changed while in use; open it again"
	}
	return fmt.Sprintf("%s: cannot be read where it is mapped; was the file cut or replaced while in use?", e.File)
}
