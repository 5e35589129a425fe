package faceclip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/faceclip-go/faceclip-go/backend"
	_ "github.com/faceclip-go/faceclip-go/backend/cpu" // the default device
	"github.com/faceclip-go/faceclip-go/internal/model"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Pipeline makes pictures of a person. Its methods may be called from several goroutines; they run one after another,
// and a call that waits for its turn returns as soon as its context ends.
type Pipeline struct {
	backend backend.Backend
	types   backend.Types  // that it computes with
	holder  backend.Holder // the backend, if it has memory of its own
	folder  *model.Folder
	system  *system
	info    Info
	log     *slog.Logger
	limit   int64               // of resident memory, in bytes
	memory  *semaphore.Weighted // the part of limit that calls share: for searching photos, and for stages
	turn    chan struct{}       // holds a token while nobody works
	closed  atomic.Bool
}

// Open opens the pipeline in dir: a folder with model_index.json and a folder for each component, or the reference's folder
// of .pt files, beside which [Options] names the base model's. Nil options mean the defaults. Weights are mapped, not read;
// those of convolutions are copied, into another layout, and so are those that [Options] wants as int8, and those of eight-bit
// floating-point types, as BF16. Big-endian machines are not supported.
func Open(ctx context.Context, dir string, o *Options) (*Pipeline, error) {
	return open(ctx, safetensors.DirOf(dir), o)
}

// OpenFS is Open on a file system, such as an embedded model. Files that are *os.File are mapped, others read.
func OpenFS(ctx context.Context, fsys fs.FS, o *Options) (*Pipeline, error) {
	if fsys == nil {
		return nil, errors.New("faceclip: open: no file system")
	}
	return open(ctx, safetensors.Dir{FS: fsys}, o)
}

func open(ctx context.Context, dir safetensors.Dir, o *Options) (p *Pipeline, err error) {
	began := time.Now()
	defer func() {
		if err != nil {
			err = wrap(ctx, fmt.Errorf("open: %w", err))
		}
	}()
	if o == nil {
		o = &Options{}
	}
	if err := cmp.Or(o.check(), ctx.Err()); err != nil {
		return nil, err
	}
	device := o.Device
	if device == "" {
		device = "cpu"
	}
	b, err := backend.Open(device, backend.Config{Workers: o.Workers, Memory: o.DeviceMemory})
	if err != nil {
		return nil, err
	}
	p = &Pipeline{backend: b, limit: o.Memory, turn: make(chan struct{}, 1), log: logger(o)}
	p.holder, _ = b.(backend.Holder)
	if p.types, err = o.types(b); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if p.limit == 0 {
		p.limit = freeMemory() / 10 * 9
	}
	p.folder, err = model.Open(ctx, dir, model.Options{Base: o.Base, Backend: b, Private: p.limit, Int8: o.Weights == tensor.I8, Compute: o.Compute})
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if p.system, err = openSystem(ctx, p.folder); err != nil {
		p.release()
		return nil, err
	}
	p.memory = semaphore.NewWeighted(p.shared())
	p.info = p.describe()
	p.logOpened(ctx, time.Since(began))
	p.turn <- struct{}{}
	return p, nil
}

// check reports the first option that is impossible.
func (o *Options) check() error {
	if o.Memory < 0 || o.DeviceMemory < 0 || o.Workers < 0 {
		return fmt.Errorf("negative Options.Memory %d, Options.DeviceMemory %d or Options.Workers %d", o.Memory, o.DeviceMemory, o.Workers)
	}
	if o.Weights != 0 && o.Weights != tensor.I8 {
		return fmt.Errorf("Options.Weights %v: only I8 or 0, for as stored, is possible", o.Weights)
	}
	return nil
}

// types returns what a device computes with: a GPU has activations of the type of Compute, the CPU rounds the operands of products.
func (o *Options) types(b backend.Backend) (backend.Types, error) {
	t := backend.Types{Act: tensor.F32, Compute: tensor.F32}
	device := b.Supports(backend.Types{Act: tensor.BF16}) == nil
	switch {
	case o.Compute == 0 && device, o.Compute == tensor.BF16 && device:
		t = backend.Types{Act: tensor.BF16, Compute: tensor.BF16}
	case o.Compute == 0:
	case o.Compute == tensor.F32, o.Compute == tensor.BF16, o.Compute == tensor.I8:
		t.Compute = o.Compute
	default:
		return t, fmt.Errorf("Options.Compute %v: only F32, BF16, I8 or 0, for what suits the device, is possible", o.Compute)
	}
	return t, b.Supports(t)
}

// computes returns what a stage computes with. Activations of text encoders, some of which are far larger than the others, do not
// become integers; nor do those of the decoder, whose weights are not.
func (p *Pipeline) computes(stage Stage) backend.Types {
	t := p.types
	if stage == Encoding && t.Compute == tensor.I8 {
		t.Compute = tensor.BF16
	}
	return t
}

// Close waits for the running call and releases all memory. Later calls return ErrClosed; closing again is nil.
// It must not be called in Request.Progress or Observe, which it would wait for.
func (p *Pipeline) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	<-p.turn
	defer func() { p.turn <- struct{}{} }() // who waited finds the pipeline closed
	return p.release()
}

func (p *Pipeline) release() error { return errors.Join(p.folder.Close(), p.backend.Close()) }

// exclusively runs f when its turn has come.
func (p *Pipeline) exclusively(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return wrap(ctx, err)
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return wrap(ctx, ctx.Err())
	}
	defer func() { p.turn <- struct{}{} }()
	if p.closed.Load() {
		return ErrClosed
	}
	return wrap(ctx, f())
}

// held returns the bytes that an open pipeline holds while nobody works.
func (p *Pipeline) held() int64 {
	bytes := int64(program)
	if p.holder == nil {
		bytes += int64(p.backend.Scratch())
	}
	for _, c := range p.folder.Parts {
		bytes = backend.Sum(bytes, c.Private)
	}
	return bytes
}

// shared returns the bytes of the limit that are left for calls.
func (p *Pipeline) shared() int64 { return max(0, p.limit-p.held()) }

// holding runs f while it holds so many bytes that calls share, or all of them. It waits until others hold less.
func (p *Pipeline) holding(ctx context.Context, bytes int64, f func() error) error {
	bytes = min(bytes, p.shared())
	if err := p.memory.Acquire(ctx, bytes); err != nil {
		return err
	}
	defer p.memory.Release(bytes)
	return f()
}

// run runs f on a stream for the stage, when there is memory for it. Afterwards mapped weights go back to the system, which keeps
// them cached as long as it has room. A cancelled call returns at once instead.
func (p *Pipeline) run(ctx context.Context, stage StagePlan, f func(*backend.Stream) error) error {
	return p.holding(ctx, stage.takes(), func() error {
		began := time.Now()
		if err := p.runNow(stage, f); err != nil {
			return err
		}
		p.logStage(ctx, stage, time.Since(began))
		return nil
	})
}

func (p *Pipeline) runNow(stage StagePlan, f func(*backend.Stream) error) error {
	s, err := backend.NewStream(p.backend, p.computes(stage.Stage), stage.arena)
	if err != nil {
		return err
	}
	defer s.Close()
	c := p.system.parts[stage.Stage]
	if pager := c.Pager(p.backend, p.types.Act, stage.residency); pager != nil {
		defer pager.Stop()
		s.OnBlock = pager.Enter
	}
	if err := f(s); err != nil {
		return err
	}
	c.Checkpoint.EvictAll()
	return nil
}
