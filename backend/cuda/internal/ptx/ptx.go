// Package ptx interprets the PTX that NVRTC compiles kernels to, so that they can be tested where there is no GPU. It runs the very
// text that a driver would be given, and checks what a GPU lets pass: accesses out of bounds, races, barriers that not all threads
// reach, values that nobody has written.
//
// What it cannot know is how a GPU orders the sums within one mma, and how exact its approximations are: mma sums in float64 and
// rounds once; approximations are off by as much as NVIDIA's documentation allows (see [function]).
package ptx

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A Module is a parsed text.
type Module struct {
	kernels map[string]*Kernel
	data    []byte // variables of the module, which kernels may only read
}

// Kernel returns the entry called name, or nil if there is none.
func (m *Module) Kernel(name string) *Kernel { return m.kernels[name] }

// A Kernel is an entry of a module. It may be run by several goroutines at a time.
type Kernel struct {
	Name string

	params     int // bytes
	maxThreads int // 0: no limit
	shared     int // bytes of shared memory of fixed size
	local      int // bytes of local memory of a thread
	module     *Module

	code      []instruction
	registers [3]int // of 32 and 64 bits and predicates
	constants []filled
	watched   []string // names of registers that a thread might read before it writes them
	specials  []special
	workers   sync.Pool
}

// ArgsSize returns how many bytes the parameters take.
func (k *Kernel) ArgsSize() int { return k.params }

// Memory is the memory of a device.
type Memory interface {
	// Bytes returns the n bytes at addr, or nil if they are not within one allocation.
	Bytes(addr uint64, n int) []byte
}

// A Launch is what a kernel is run on.
type Launch struct {
	Grid, Block [3]int
	Shared      int // bytes of dynamic shared memory
	Args        []byte
}

// MaxShared is how much shared memory a block may have on every device: that of compute capability 8.6.
const MaxShared = 99 << 10

// A Fault is a mistake of a kernel.
type Fault struct {
	Kernel        string
	Block, Thread [3]int
	Line          int    // in the module's text; 0: before the first instruction
	Text          string // of the instruction
	What          string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("ptx: %s: %s", f.Kernel, f.What)
	}
	return fmt.Sprintf("ptx: %s: block %v, thread %v, line %d: %s: %s", f.Kernel, f.Block, f.Thread, f.Line, f.Text, f.What)
}

// Run runs k on every block of a grid. It returns a *Fault for the first block, by number, of those that were found faulty. If stop
// is not nil and becomes true it returns early, and nil.
func (k *Kernel) Run(l Launch, m Memory, stop *atomic.Bool) error {
	if what := k.refuses(l); what != "" {
		return &Fault{Kernel: k.Name, What: what}
	}
	r := newRun(k, l, m, stop)
	if f := r.run(); f != nil {
		return f
	}
	return nil
}

// refuses says why a launch cannot be, or nothing.
func (k *Kernel) refuses(l Launch) string {
	for i := range 3 {
		if l.Grid[i] < 1 || l.Block[i] < 1 {
			return fmt.Sprintf("grid %v of blocks %v", l.Grid, l.Block)
		}
	}
	threads := l.Block[0] * l.Block[1] * l.Block[2]
	switch {
	case l.Grid[0] > 1<<31-1 || l.Grid[1] > 65535 || l.Grid[2] > 65535:
		return fmt.Sprintf("grid %v is too large", l.Grid)
	case threads > 1024 || k.maxThreads > 0 && threads > k.maxThreads:
		return fmt.Sprintf("%d threads are more than %d", threads, min(1024, max(k.maxThreads, 1)))
	case len(l.Args) != k.params:
		return fmt.Sprintf("%d bytes of arguments for parameters of %d", len(l.Args), k.params)
	case l.Shared < 0 || k.shared+l.Shared > MaxShared:
		return fmt.Sprintf("%d bytes of shared memory are more than %d", k.shared+l.Shared, MaxShared)
	}
	return ""
}
