package cuda

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"weak"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
	"github.com/faceclip-go/faceclip-go/internal/parallel"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func init() {
	backend.Register("cuda", func(c backend.Config) (backend.Backend, error) {
		if c.Arg == paperName {
			return paper(c.Memory), nil
		}
		ordinal, err := strconv.Atoi(cmp.Or(c.Arg, "0"))
		if err != nil || ordinal < 0 {
			return nil, fmt.Errorf("cuda: %q is not the number of a device, such as cuda:0", c.Arg)
		}
		d, err := find()
		if err != nil {
			return nil, fmt.Errorf("cuda: %w", err)
		}
		return open(d, ordinal, c.Memory, kernels.PTX)
	})
}

// leastCapability is that of the devices from which on kernels run.
const leastCapability = 80

// open returns a backend on a device of d, of whose memory it may use limit bytes, or what is free, less a tenth, if that is 0. It
// runs the kernels in the .ptx files of a folder.
func open(d driver.Driver, ordinal int, limit int64, ptx fs.FS) (_ backend.Backend, err error) {
	texts, err := read(ptx)
	if err != nil {
		return nil, err
	}
	if err := check(d, ordinal, texts); err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	b := newBackend(strconv.Itoa(ordinal), limit)
	if b.device, err = d.Open(ordinal); err == nil {
		if err = b.prepare(texts); err != nil {
			err = errors.Join(err, b.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.name, err)
	}
	return b, nil
}

func newBackend(arg string, limit int64) *Backend {
	b := &Backend{name: "cuda:" + arg, functions: map[string]*function{}, multiprocessors: multiprocessors}
	b.memory.limit = limit
	b.memory.sizes, b.memory.owned = map[driver.Ptr]int64{}, map[*tensor.Memory]bool{}
	b.copies.extents = map[weak.Pointer[tensor.Memory]][]*extent{}
	return b
}

// read returns the texts of the .ptx files.
func read(ptx fs.FS) (texts map[string]string, err error) {
	texts = map[string]string{}
	names, err := fs.Glob(ptx, "*.ptx")
	for _, name := range names {
		text, err := fs.ReadFile(ptx, name)
		if err != nil {
			return nil, err
		}
		texts[name] = string(text)
	}
	return texts, err
}

// check reports what the driver lacks.
func check(d driver.Driver, ordinal int, texts map[string]string) error {
	version, err := d.Version()
	if err != nil {
		return fmt.Errorf("the driver does not start: %w", err)
	}
	for _, text := range texts {
		if need := needs(text); version < need {
			return fmt.Errorf("the driver is too old: it knows CUDA %s, and kernels need %s; install %s", toolkit(version), toolkit(need), cmp.Or(releases[need], "a newer driver"))
		}
	}
	n, err := d.Devices()
	var code *driver.Error
	if errors.As(err, &code) && code.Code == driver.NoDevice {
		n, err = 0, nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("the driver does not list devices: %w", err)
	case n == 0:
		return errors.New("the driver finds no device")
	case ordinal >= n:
		return fmt.Errorf("there is no device %d: the driver finds %d, numbered from 0", ordinal, n)
	}
	return nil
}

var isa = regexp.MustCompile(`(?m)^\.version (\d+)\.(\d+)`)

// needs returns the version of CUDA that knows the instruction set of a text of PTX: from 7.0 of CUDA 11.0 on they go together.
func needs(ptx string) int {
	m := isa.FindStringSubmatch(ptx)
	if m == nil {
		return 0
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return 1000*(major+4) + 10*minor
}

// releases are the drivers that were the first to know a version of CUDA.
var releases = map[int]string{
	12000: "driver 525 or newer", 12010: "driver 530 or newer", 12020: "driver 535 or newer", 12030: "driver 545 or newer",
	12040: "driver 550 or newer", 12050: "driver 555 or newer",
}

// toolkit returns what a version of CUDA is called.
func toolkit(version int) string { return fmt.Sprintf("%d.%d", version/1000, version%1000/10) }

// prepare makes on the device what the backend always has there.
func (b *Backend) prepare(texts map[string]string) (err error) {
	if err := b.capable(); err != nil {
		return err
	}
	if err := b.compile(texts); err != nil {
		return err
	}
	for _, s := range []*driver.Stream{&b.compute, &b.transfer} {
		if *s, err = b.newStream(); err != nil {
			return err
		}
	}
	for i := range b.queue.events {
		if b.queue.events[i], err = b.newEvent(); err != nil {
			return err
		}
	}
	free, _, err := b.device.Memory()
	if err != nil {
		return err
	}
	b.memory.limit = cmp.Or(b.memory.limit, free-free/10)
	b.workspace(usualSpace)
	return cmp.Or(b.failure.take(), b.newStaging(), b.newFault())
}

// newFault makes the word that Gather sets.
func (b *Backend) newFault() (err error) {
	if b.word, err = b.allocPinned(4); err != nil {
		return err
	}
	clear(b.word)
	if b.idFault, err = b.allocate(len(b.word)); err != nil {
		return err
	}
	return b.device.Fill(b.compute, b.idFault, 0, len(b.word))
}

// capable returns an error if the device lacks instructions that kernels use.
func (b *Backend) capable() error {
	major, err := b.device.Attribute(driver.ComputeMajor)
	if err != nil {
		return err
	}
	minor, err := b.device.Attribute(driver.ComputeMinor)
	if err != nil {
		return err
	}
	if 10*major+minor < leastCapability {
		return fmt.Errorf("%s has compute capability %d.%d, and kernels need %d.%d", b.device.Name(), major, minor, leastCapability/10, leastCapability%10)
	}
	return nil
}

var entry = regexp.MustCompile(`(?m)^(?:\.visible )?\.entry (\w+)`)

// compile lets the driver compile texts of PTX, side by side: it takes seconds, unless the driver has kept what it made of them.
func (b *Backend) compile(texts map[string]string) error {
	names := slices.Sorted(maps.Keys(texts))
	modules, errs := make([]driver.Module, len(names)), make([]error, len(names))
	parallel.Each(len(names), func(i int) {
		var log string
		if modules[i], log, errs[i] = b.device.LoadModule(texts[names[i]]); errs[i] != nil {
			errs[i] = fmt.Errorf("%s: the driver does not compile it: %w: %s", names[i], errs[i], log)
		}
	})
	for i, name := range names {
		if errs[i] == nil {
			errs[i] = b.locate(texts[name], modules[i])
		}
		if errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}

// locate finds the kernels of a text in the module that has been made of it.
func (b *Backend) locate(text string, m driver.Module) error {
	for _, found := range entry.FindAllStringSubmatch(text, -1) {
		handle, err := b.device.Function(m, found[1])
		if err != nil {
			return fmt.Errorf("kernel %s: %w", found[1], err)
		}
		b.functions[found[1]] = &function{handle: handle, shared: sharedByDefault}
	}
	return nil
}
