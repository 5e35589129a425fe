package faceclip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/faceclip-go/faceclip-go/backend"
	_ "github.com/faceclip-go/faceclip-go/backend/cpu" // the default device
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// ErrClosed is the error of calls after Close.
var ErrClosed = errors.New("faceclip: pipeline is closed")

// A Pipeline makes pictures of a person. Its methods may be called from several goroutines; they run one after another,
// and a call that waits for its turn returns as soon as its context ends.
type Pipeline struct {
	backend backend.Backend
	folder  *folder
	net     network
	limit   int64         // of resident memory, in bytes
	turn    chan struct{} // holds a token while nobody works
	closed  atomic.Bool
}

// systems are what model_index.json can name: a model of ours, or a base model that the reference's .pt files go with.
var systems = map[string]struct {
	open func(context.Context, *folder) (network, error)
	base bool
}{
	"FaceCLIPSDXLPipeline":      {openSDXL, false},
	"FaceT5FluxPipeline":        {openFLUX, false},
	"StableDiffusionXLPipeline": {openSDXL, true},
	"FluxPipeline":              {openFLUX, true},
}

// Open opens the pipeline in dir: a folder with model_index.json and a folder for each component, or the reference's folder
// of .pt files, beside which [Options] names the base model's. Nil options mean the defaults. Weights are mapped, not read;
// those of convolutions are copied, into another layout, and so are those that [Options] wants as int8.
func Open(ctx context.Context, dir string, o *Options) (*Pipeline, error) {
	return open(ctx, safetensors.DirOf(dir), o)
}

// OpenFS is Open on a file system, such as an embedded model. Files that are *os.File are mapped, others read.
func OpenFS(ctx context.Context, fsys fs.FS, o *Options) (*Pipeline, error) {
	return open(ctx, safetensors.Dir{FS: fsys}, o)
}

func open(ctx context.Context, dir safetensors.Dir, o *Options) (p *Pipeline, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("faceclip: open: %w", err)
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
	b, err := backend.Open(device, backend.Config{Workers: o.Workers})
	if err != nil {
		return nil, err
	}
	p = &Pipeline{backend: b, limit: o.Memory, turn: make(chan struct{}, 1)}
	if p.limit == 0 {
		p.limit = freeMemory() / 10 * 9
	}
	if p.folder, err = newFolder(dir, o.Base, b); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	p.folder.private, p.folder.int8 = p.limit, o.Weights == tensor.I8
	if p.net, err = p.folder.network(ctx); err != nil {
		p.release()
		return nil, err
	}
	p.turn <- struct{}{}
	return p, nil
}

// check reports the first option that is impossible.
func (o *Options) check() error {
	if o.Memory < 0 || o.Workers < 0 {
		return fmt.Errorf("negative Options.Memory %d or Options.Workers %d", o.Memory, o.Workers)
	}
	if o.Weights != 0 && o.Weights != tensor.I8 {
		return fmt.Errorf("Options.Weights %v: only I8 or 0, for as stored, is possible", o.Weights)
	}
	return nil
}

// newFolder returns the folder dir or, if dir has the reference's .pt files, the folder base with those.
func newFolder(dir safetensors.Dir, base string, b backend.Backend) (*folder, error) {
	f := &folder{dir: dir, backend: b, private: unlimited, opened: map[string]checkpoint{}}
	f.pickled = findPickles(dir)
	_, err := fs.Stat(dir.FS, indexFile)
	switch ours := err == nil; {
	case base == "" && !ours && f.pickled != nil:
		return nil, fmt.Errorf("%s: .pt files need a base model's folder beside them, and none is given (Options.Base)", f.display(f.pickled.folder))
	case base == "":
		f.pickled = nil
	case f.pickled == nil:
		if _, err := fs.ReadDir(dir.FS, "."); err != nil {
			return nil, fmt.Errorf("%s: no folder that can be read", display(dir))
		}
		return nil, fmt.Errorf("%s: no .pt files (%s), which a base model's folder (%s) is for", display(dir),
			strings.Join(slices.Sorted(maps.Values(pickles)), ", "), base)
	default:
		f.dir = safetensors.DirOf(base)
	}
	return f, nil
}

// display returns what messages call a folder.
func display(dir safetensors.Dir) string { return cmp.Or(dir.Path, "the file system") }

// network finds out which system the folder holds and opens it.
func (f *folder) network(ctx context.Context) (network, error) {
	index, err := readConfig[modelIndex](f, indexFile)
	if err != nil {
		return nil, err
	}
	system := systems[index.ClassName]
	switch {
	case system.base && f.pickled == nil:
		return nil, fmt.Errorf("%s: %s is a base model: it goes into Options.Base, beside the folder of FaceCLIP", f.display(indexFile), index.ClassName)
	case !system.base && f.pickled != nil:
		return nil, fmt.Errorf("%s: %s is no base model, which the .pt files of %s need", f.display(indexFile), index.ClassName, display(f.pickled.Dir))
	}
	return system.open(ctx, f)
}

const indexFile = "model_index.json"

// A modelIndex is model_index.json.
type modelIndex struct {
	ClassName string `json:"_class_name"`
}

// Validate reports a system that is not known.
func (m modelIndex) Validate() error {
	if systems[m.ClassName].open != nil {
		return nil
	}
	return fmt.Errorf("_class_name %q is not one of %s", m.ClassName, strings.Join(slices.Sorted(maps.Keys(systems)), ", "))
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

func (p *Pipeline) release() error { return errors.Join(p.folder.close(), p.backend.Close()) }

// exclusively runs f when its turn has come.
func (p *Pipeline) exclusively(ctx context.Context, f func() error) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return wrap(err)
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return wrap(ctx.Err())
	}
	defer func() { p.turn <- struct{}{} }()
	if p.closed.Load() {
		return ErrClosed
	}
	return wrap(f())
}

// wrap puts the package's name in front of errors that lack it.
func wrap(err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "faceclip: ") {
		return err
	}
	return fmt.Errorf("faceclip: %w", err)
}

// run runs f on a stream for the stage. Afterwards the mapped weights of the stage go back to the system, which keeps them
// cached as long as it has room. A cancelled call returns at once instead.
func (p *Pipeline) run(stage StagePlan, f func(*backend.Stream) error) error {
	s, err := backend.NewStream(p.backend, tensor.F32, stage.arena)
	if err != nil {
		return err
	}
	defer s.Close()
	c := p.net.components()[stage.Stage]
	if stage.residency.streams() {
		pager := newPager(c.checkpoint, c.blocks, stage.residency)
		defer pager.stop()
		s.OnBlock = pager.enter
	}
	if err := f(s); err != nil {
		return err
	}
	c.checkpoint.EvictAll()
	return nil
}
