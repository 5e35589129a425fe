package cpu

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// EnvVar names the environment variable that pins the implementation of the kernels.
const EnvVar = "FACECLIP_CPU"

func init() {
	backend.Register("cpu", func(c backend.Config) (backend.Backend, error) { return Open(c.Workers) })
}

// A Backend runs kernels on the host's processor.
type Backend struct {
	k         *simd.Kernels
	pool      *pool
	workspace []float32 // of all workers, workspaceWords each
	packed    []float32 // packedWords, of all workers together
	state
	group   groupSpace
	image   imageSpace
	memory  sync.Map     // whose keys are what Alloc returned
	freeing sync.RWMutex // held for reading until the system has what was freed
}

// maxWorkers is more than any machine has processors; each has a workspace.
const maxWorkers = 4096

// Open returns a backend with the given number of workers; 0 means GOMAXPROCS. It uses the best kernels of this
// machine, or those that FACECLIP_CPU names.
func Open(workers int) (*Backend, error) {
	if workers < 0 || workers > maxWorkers {
		return nil, fmt.Errorf("cpu: %d workers, at most %d are possible", workers, maxWorkers)
	}
	if workers == 0 {
		workers = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	k, err := simd.Choose(os.Getenv(EnvVar))
	if err != nil {
		return nil, fmt.Errorf("cpu: %s: %w", EnvVar, err)
	}
	return open(workers, k)
}

func open(workers int, k *simd.Kernels) (*Backend, error) {
	b := &Backend{k: k}
	m, err := b.Alloc(b.scratch(workers))
	if err != nil {
		return nil, err
	}
	b.workspace = tensor.Float32s(tensor.Make(m, 0, tensor.F32, m.Size/4))
	b.packed = b.workspace[workers*workspaceWords:]
	b.pool = newPool(workers)
	return b, nil
}

// Name returns "cpu".
func (b *Backend) Name() string { return "cpu" }

// Kernels returns the name of the implementation in use, one of Variants.
func (b *Backend) Kernels() string { return b.k.Name }

// Variants returns the names of the implementations that this machine can run, the best first.
func Variants() (names []string) {
	for _, k := range simd.Variants() {
		names = append(names, k.Name)
	}
	return names
}

// Workers returns the number of goroutines that share the work.
func (b *Backend) Workers() int { return b.pool.workers }

// Scratch returns the bytes of workspace of all kernels together.
func (b *Backend) Scratch() int { return b.scratch(b.pool.workers) }

func (b *Backend) scratch(workers int) int { return 4 * (workspaceWords*workers + packedWords) }

// space returns the workspace of one worker.
func (b *Backend) space(worker int) []float32 {
	lo, hi := worker*workspaceWords, (worker+1)*workspaceWords
	return b.workspace[lo:hi:hi]
}

// Supports returns an error unless activations are F32 and products computed in F32, BF16 or I8. All kinds of weights are read.
func (b *Backend) Supports(t backend.Types) error {
	switch t.Compute {
	case 0, tensor.F32, tensor.BF16, tensor.I8:
	default:
		return fmt.Errorf("cpu: products of %v are not supported, only of %v, %v and %v", t.Compute, tensor.F32, tensor.BF16, tensor.I8)
	}
	if t.Act != 0 && t.Act != tensor.F32 {
		return fmt.Errorf("cpu: activations of %v are not supported, only of %v", t.Act, tensor.F32)
	}
	return nil
}

// FusesNorm returns true.
func (b *Backend) FusesNorm() bool { return true }

// FusesGlu returns true.
func (b *Backend) FusesGlu() bool { return true }

// Reaches reports whether t is in host memory.
func (b *Backend) Reaches(t backend.Tensor) bool { return t.OnHost() }

// Alloc returns memory of the operating system, which has by then what was freed before.
func (b *Backend) Alloc(bytes int) (*tensor.Memory, error) {
	b.awaitFreed()
	host, err := allocate(bytes)
	if err != nil {
		return nil, fmt.Errorf("cpu: %d bytes of memory: %w", bytes, err)
	}
	m := tensor.HostMemory(host)
	b.memory.Store(m, nil)
	return m, nil
}

// AllocHost is Alloc.
func (b *Backend) AllocHost(bytes int) (*tensor.Memory, error) { return b.Alloc(bytes) }

// Free releases m, which Alloc returned. The system may need seconds to take many gigabytes back, which only Alloc and Close wait
// for: a call that is cancelled returns at once.
func (b *Backend) Free(m *tensor.Memory) {
	if _, mine := b.memory.LoadAndDelete(m); mine {
		host := m.Host
		m.Drop()
		b.freeing.RLock()
		go func() {
			defer b.freeing.RUnlock()
			unmap(host)
		}()
	}
}

// awaitFreed waits until the system has all that was freed.
func (b *Backend) awaitFreed() {
	b.freeing.Lock()
	defer b.freeing.Unlock()
}

// Stage returns dst.
func (b *Backend) Stage(dst backend.Tensor) backend.Tensor { return dst }

// Upload does nothing: what is staged is dst.
func (b *Backend) Upload(_, _ backend.Tensor) {}

// Download copies src to dst.
func (b *Backend) Download(dst []byte, src backend.Tensor) { copy(dst, tensor.Bytes(src)) }

// Sync returns nil: kernels have ended when they return.
func (b *Backend) Sync() error { return nil }

// StopOn makes kernels end early once stop is true.
func (b *Backend) StopOn(stop *atomic.Bool) { b.pool.stop.Store(stop) }

// Close ends the workers and frees all memory that Alloc returned.
func (b *Backend) Close() error {
	b.pool.close()
	for m := range b.memory.Range {
		b.Free(m.(*tensor.Memory))
	}
	b.awaitFreed()
	return nil
}
