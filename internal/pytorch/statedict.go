package pytorch

import (
	"errors"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A builder makes tensors of what the pickle says.
type builder struct {
	mem      *tensor.Memory
	storages map[string]span
	copies   map[view]tensor.Tensor
	copied   int64 // bytes
	most     int64 // bytes that may be copied
}

// stateDict returns the tensors of a state dict.
func (b *builder) stateDict(top any) (map[string]tensor.Tensor, error) {
	d, ok := top.(*dict)
	if !ok {
		return nil, fmt.Errorf("holds %s, expected a state dict: names and tensors", describe(top))
	}
	tensors := make(map[string]tensor.Tensor, len(d.items)/2)
	for i := 0; i < len(d.items); i += 2 {
		name, ok := d.items[i].(string)
		if !ok {
			return nil, fmt.Errorf("has %s as a key, expected a state dict: names and tensors", describe(d.items[i]))
		}
		a, ok := d.items[i+1].(*array)
		if !ok {
			return nil, fmt.Errorf("%q is %s, expected a state dict: names and tensors", name, describe(d.items[i+1]))
		}
		if _, ok := tensors[name]; ok {
			return nil, fmt.Errorf("tensor %q is there twice", name)
		}
		t, err := b.tensor(a)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors[name] = t
	}
	return tensors, nil
}

func (b *builder) tensor(a *array) (tensor.Tensor, error) {
	dt := storages[a.storage.kind]
	if !dt.Valid() {
		return tensor.Tensor{}, fmt.Errorf("unsupported type %s", a.storage.kind)
	}
	data, ok := b.storages[a.storage.key]
	if !ok {
		return tensor.Tensor{}, fmt.Errorf("no storage data/%.40s in the archive", a.storage.key)
	}
	n := data.hi - data.lo
	if n%dt.Size() != 0 || a.storage.count != int64(n/dt.Size()) {
		return tensor.Tensor{}, fmt.Errorf("storage data/%s has %d bytes, expected %d elements of %v", a.storage.key, n, a.storage.count, dt)
	}
	v, err := viewOf(a, n/dt.Size())
	if err != nil {
		return tensor.Tensor{}, err
	}
	if t, ok := v.inPlace(b.mem, data.lo); ok {
		return t, nil
	}
	return b.copy(v, b.mem.Host[data.lo:data.hi])
}

// copy returns a private copy, the same one for the same view. Strides can make a few bytes very many, so that all copies
// together may take no more than the file.
func (b *builder) copy(v view, storage []byte) (tensor.Tensor, error) {
	if t, ok := b.copies[v]; ok {
		return t, nil
	}
	n := int64(v.len()) * int64(v.dtype.Size())
	if n > int64(b.mem.Size)-b.copied {
		return tensor.Tensor{}, errors.New("its layout needs a copy, and all such copies together take more bytes than the file")
	}
	if b.copied += n; b.copied > b.most {
		return tensor.Tensor{}, &backend.MemoryError{Need: b.copied, Have: b.most}
	}
	t := tensor.Make(tensor.HostMemory(v.copy(storage)), 0, v.dtype, v.size[:v.rank]...)
	b.copies[v] = t
	return t, nil
}
