package pytorch

import (
	"errors"
	"fmt"

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
	d, ok := top.(*dict)
	if !ok {
		return fmt.Errorf("holds %s, expected a state dict: names and tensors", describe(top))
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
		if _, ok := b.Tensors[name]; ok {
			return fmt.Errorf("tensor %.100q is there twice", name)
		}
		if err := b.add(name, a); err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
	}
	return nil
}

func (b *builder) add(name string, a *array) error {
	dt := storages[a.storage.kind]
	if !dt.Valid() {
		return fmt.Errorf("unsupported type %s, expected 16- or 32-bit floating-point numbers, or integers", a.storage.kind)
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
