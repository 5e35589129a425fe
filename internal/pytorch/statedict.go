package pytorch

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A builder makes tensors of what the pickle says.
type builder struct {
	*Checkpoint
	files map[string]span // of the archive
	bytes int             // of copies
}

// A scattered tensor has a layout that a [tensor.Tensor] cannot have.
type scattered struct {
	view    view
	storage span
}

// stateDict adds the tensors of a state dict.
func (b *builder) stateDict(top any) error {
	d, err := unwrap(top)
	if err != nil {
		return err
	}
	for i := 0; i < len(d.items); i += 2 {
		name, ok := d.items[i].(string)
		if !ok {
			return fmt.Errorf("has %s as a key, expected a state dict: names and tensors", describe(d.items[i]))
		}
		a, ok := d.items[i+1].(*array)
		if !ok {
			return fmt.Errorf("%.100q is %s, expected a state dict: names and tensors", name, describe(d.items[i+1]))
		}
		if b.has(name) {
			return fmt.Errorf("tensor %.100q is there twice", name)
		}
		if err := b.add(name, a); err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
	}
	return nil
}

// wrappers are the names under which programs that train put a state dict beside other things.
var wrappers = []string{"state_dict", "model", "module"}

// unwrap returns the state dict that the pickle is or, where no tensor lies beside it, that it wraps.
func unwrap(top any) (*dict, error) {
	const deepest = 2
	for range deepest {
		var found []string
		inner := top
		for name, value := range pairs(top) {
			if _, ok := value.(*array); ok {
				return top.(*dict), nil
			}
			if text, ok := name.(string); ok && slices.Contains(wrappers, text) && isDict(value) {
				found, inner = append(found, text), value
			}
		}
		if len(found) > 1 {
			return nil, fmt.Errorf("has dicts %q, expected one state dict: names and tensors", found[:2])
		}
		top = inner
	}
	d, ok := top.(*dict)
	if !ok {
		return nil, fmt.Errorf("holds %s, expected a state dict: names and tensors", describe(top))
	}
	return d, nil
}

func isDict(v any) bool { _, ok := v.(*dict); return ok }

// pairs are the keys and values of a dict; of anything else, none.
func pairs(v any) iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		d, ok := v.(*dict)
		for i := 0; ok && i < len(d.items) && yield(d.items[i], d.items[i+1]); i += 2 {
		}
	}
}

func (b *builder) has(name string) bool {
	_, ok := b.Tensors[name]
	return ok || b.Foreign(name) != ""
}

const maxShown = 8 // dimensions of a tensor that is not read

// addForeign adds a tensor that cannot be read by its name.
func (b *builder) addForeign(name string, a *array) error {
	shape := make([]int, len(a.size))
	if len(shape) > maxShown {
		return fmt.Errorf("%d dimensions, expected at most %d", len(shape), maxShown)
	}
	for i := range shape {
		var ok bool
		if shape[i], ok = number(a.size[i]); !ok {
			return fmt.Errorf("dimension %d: the size has to be a number from 0", i)
		}
	}
	b.Others[name] = fmt.Sprintf("%s%v", a.kind, shape)
	return nil
}

func (b *builder) add(name string, a *array) error {
	dt := a.dtype
	if !dt.Valid() || len(a.size) > tensor.MaxRank {
		return b.addForeign(name, a)
	}
	data, ok := b.files["data/"+a.storage.key]
	if !ok {
		return fmt.Errorf("no storage data/%s in the archive", shown(a.storage.key))
	}
	n := data.hi - data.lo
	if n%dt.Size() != 0 || a.storage.count != int64(n/dt.Size()) {
		return fmt.Errorf("storage data/%s has %d bytes, expected %d elements of %v", shown(a.storage.key), n, a.storage.count, dt)
	}
	v, err := viewOf(a, n/dt.Size())
	if err != nil {
		return err
	}
	if t, ok := v.inPlace(b.mem, data.lo); ok {
		b.Tensors[name] = t
		return nil
	}
	// Strides can make a few bytes very many.
	if b.bytes += v.len() * dt.Size(); b.bytes < 0 || b.bytes > b.mem.Size {
		return errors.New("its layout needs a copy, and all such copies together take more bytes than the file")
	}
	b.Tensors[name], b.copied[name] = tensor.Make(nil, 0, dt, v.size[:v.rank]...), scattered{v, data}
	return nil
}
