package safetensors

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/faceclip-go/faceclip-go/internal/mmap"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Store is named tensors and the files that they lie in. It is safe for concurrent use until Close.
type Store struct {
	Tensors  map[string]tensor.Tensor
	Others   map[string]string // by name, what cannot be read, such as F64[2 3]: an element type that is not ours, or too many dimensions
	Mappings []*mmap.Mapping
}

// Get returns a tensor as it is stored. Its memory is the file's, with Memory.File set if the file is mapped; it is valid
// until Close. Its elements may not be aligned to their size.
func (s *Store) Get(name string) (tensor.Tensor, bool) {
	t, ok := s.Tensors[name]
	return t, ok
}

// Foreign returns what a tensor is that cannot be read, and nothing for others.
func (s *Store) Foreign(name string) string { return s.Others[name] }

// Names returns the names of all tensors, sorted; also of those that cannot be read.
func (s *Store) Names() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(s.Tensors)), maps.Keys(s.Others))
	slices.Sort(names)
	return names
}

func (s *Store) has(name string) bool {
	_, ok := s.Tensors[name]
	return ok || s.Others[name] != ""
}

// Path returns what messages call the store: its file, or the folder of its files.
func (s *Store) Path() string {
	if len(s.Mappings) == 1 {
		return s.Mappings[0].Name()
	}
	return filepath.Dir(s.Mappings[0].Name())
}

// Files returns the names of all files.
func (s *Store) Files() []string {
	var names []string
	for _, m := range s.Mappings {
		names = append(names, m.Name())
	}
	return names
}

// Size returns the bytes of all files.
func (s *Store) Size() int64 {
	n := int64(0)
	for _, m := range s.Mappings {
		n += int64(len(m.Bytes()))
	}
	return n
}

// Mapped reports whether the tensors are pages of files rather than copies in memory.
func (s *Store) Mapped() bool { return slices.ContainsFunc(s.Mappings, (*mmap.Mapping).Mapped) }

// Evict tells the system that t, of this store, will not be read soon.
func (s *Store) Evict(t tensor.Tensor) {
	for _, m := range s.Mappings {
		if m.Memory() == t.Mem {
			m.Evict(t.Offset(), t.Offset()+t.Extent())
		}
	}
}

// Prefetch tells the system that bytes lo ≤ i < hi of t, of this store, will be read soon.
func (s *Store) Prefetch(t tensor.Tensor, lo, hi int) {
	for _, m := range s.Mappings {
		if m.Memory() == t.Mem {
			m.Prefetch(t.Offset()+lo, t.Offset()+hi)
		}
	}
}

// EvictAll is Evict for all tensors.
func (s *Store) EvictAll() {
	for _, m := range s.Mappings {
		m.Evict(0, len(m.Bytes()))
	}
}

// Guard runs f, which reads tensors on this goroutine. If one of the files was cut meanwhile, it returns a
// *backend.FileError instead of letting the program die; so it does if one was changed since it was opened.
func (s *Store) Guard(f func() error) error { return mmap.Guard(f, s.Mappings...) }

// Close releases the files. Tensors cannot be read afterwards.
func (s *Store) Close() error {
	var errs []error
	for _, m := range s.Mappings {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}
