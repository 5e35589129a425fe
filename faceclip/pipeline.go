package faceclip

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// networks are the systems that model_index.json can name.
var networks = map[string]func(context.Context, *folder) (network, error){
	"FaceCLIPSDXLPipeline": openSDXL,
	"FaceT5FluxPipeline":   openFLUX,
}

// Open opens the pipeline in dir: a folder with model_index.json and a folder for each component. Nil options mean the
// defaults. Weights are mapped, not read; those of convolutions are copied, into another layout, and so
// are those that [Options] wants as int8.
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
	if o.Memory < 0 || o.Workers < 0 {
		return nil, fmt.Errorf("negative Options.Memory %d or Options.Workers %d", o.Memory, o.Workers)
	}
	if o.Weights != 0 && o.Weights != tensor.I8 {
		return nil, fmt.Errorf("Options.Weights %v: only I8 or 0, for as stored, is possible", o.Weights)
	}
	if err := ctx.Err(); err != nil {
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
	p.folder = &folder{dir: dir, backend: b, private: p.limit, int8: o.Weights == tensor.I8}
	if p.net, err = p.folder.open(ctx); err != nil {
		p.release()
		return nil, err
	}
	p.turn <- struct{}{}
	return p, nil
}

// open finds out which system the folder holds and opens it.
func (f *folder) open(ctx context.Context) (network, error) {
	index, err := readConfig[modelIndex](f, "model_index.json")
	if err != nil {
		return nil, err
	}
	return networks[index.ClassName](ctx, f)
}

// A modelIndex is model_index.json.
type modelIndex struct {
	ClassName string `json:"_class_name"`
}

// Validate reports a system that is not known.
func (m modelIndex) Validate() error {
	if networks[m.ClassName] != nil {
		return nil
	}
	var known []string
	for name := range networks {
		known = append(known, name)
	}
	slices.Sort(known)
	return fmt.Errorf("_class_name %q is not one of %s", m.ClassName, strings.Join(known, ", "))
}

// Close waits for the running call and releases all memory. Later calls return ErrClosed; closing again is nil.
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
