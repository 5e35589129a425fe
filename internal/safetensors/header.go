package safetensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	lengthSize   = 8
	maxHeader    = 100_000_000 // bytes, the limit of the reference implementation
	metadataName = "__metadata__"
)

// An info is what the header says about a tensor.
type info struct {
	dtype   string
	shape   []uint64
	offsets []uint64 // where its data begins and ends
}

// contents are the tensors of a file: views of it, and what those are that no view can be of.
type contents struct {
	tensors  map[string]tensor.Tensor
	foreign  map[string]string
	metadata map[string]string
}

// parse returns what is in a file. It ends early when ended returns an error.
func parse(mem *tensor.Memory, ended func() error) (c contents, err error) {
	text, err := header(mem.Host)
	if err != nil {
		return c, err
	}
	infos, metadata := map[string]*info{}, map[string]string{}
	err = scan("not a safetensors file: header", text, ended, func(s *scanner, name string) error {
		if name == metadataName {
			return s.texts(metadata)
		}
		infos[name] = &info{}
		return s.info(infos[name])
	})
	if err != nil {
		return c, err
	}
	start := lengthSize + len(text)
	if err := checkLayout(infos, uint64(len(mem.Host)-start)); err != nil {
		return c, err
	}
	c = contents{make(map[string]tensor.Tensor, len(infos)), map[string]string{}, metadata}
	for name, i := range infos {
		kind, _ := typeNamed(i.dtype)
		if !kind.dtype.Valid() || len(i.shape) > tensor.MaxRank {
			c.foreign[name] = fmt.Sprintf("%s%v", i.dtype, i.shape)
			continue
		}
		dims := make([]int, len(i.shape))
		for k, d := range i.shape {
			dims[k] = int(d)
		}
		c.tensors[name] = tensor.Make(mem, start+int(i.offsets[0]), kind.dtype, dims...)
	}
	return c, nil
}

// info reads what the header says about a tensor.
func (s *scanner) info(i *info) error {
	naturals := func(to *[]uint64) error {
		*to = []uint64{}
		return s.array(func() error {
			n, err := s.natural()
			*to = append(*to, n)
			return err
		})
	}
	return s.object(func(key string) (err error) {
		switch key {
		case "dtype":
			i.dtype, err = s.text()
		case "shape":
			err = naturals(&i.shape)
		case "data_offsets":
			err = naturals(&i.offsets)
		default:
			s.fail("expected dtype, shape and data_offsets only")
			err = s.skip()
		}
		return err
	})
}

// header returns the JSON text of a file.
func header(file []byte) ([]byte, error) {
	if len(file) < lengthSize {
		return nil, fmt.Errorf("not a safetensors file: %d bytes, expected at least %d", len(file), lengthSize)
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeader { // eight characters of text are a much greater number
		return nil, fmt.Errorf("not a safetensors file: starts with %q, expected a header length of at most %d",
			file[:lengthSize], maxHeader)
	}
	if have := len(file) - lengthSize; n > uint64(have) {
		return nil, fmt.Errorf("cut off: header of %d bytes expected, %d found", n, have)
	}
	return file[lengthSize : lengthSize+n], nil
}

// checkLayout checks that every tensor is of a known kind and that together they are the data, without gap or overlap.
func checkLayout(infos map[string]*info, size uint64) error {
	names := slices.SortedFunc(maps.Keys(infos), func(a, b string) int {
		return cmp.Or(slices.Compare(infos[a].offsets, infos[b].offsets), strings.Compare(a, b))
	})
	end := uint64(0)
	for _, name := range names {
		i := infos[name]
		n, err := i.bytes()
		if err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
		lo, hi := i.offsets[0], i.offsets[1]
		switch {
		case hi < lo || hi-lo != n:
			return fmt.Errorf("tensor %.100q: %s%v takes %d bytes, found data from %d to %d", name, i.dtype, i.shape, n, lo, hi)
		case lo != end:
			return fmt.Errorf("tensor %.100q: overlap or gap: data starts at %d, expected %d", name, lo, end)
		}
		end = hi
	}
	switch {
	case end > size:
		return fmt.Errorf("cut off: %d bytes of data expected, %d found", end, size)
	case end < size:
		return fmt.Errorf("%d bytes of data expected, %d found", end, size)
	}
	return nil
}

// bytes returns the size of a tensor's data. A tensor without elements may not have absurd dimensions either.
func (i *info) bytes() (uint64, error) {
	kind, ok := typeNamed(i.dtype)
	switch {
	case !ok:
		return 0, fmt.Errorf("dtype %.40q is not one of the format", i.dtype)
	case i.shape == nil || len(i.offsets) != 2:
		return 0, errors.New("expected a shape and two data_offsets")
	}
	n, stride := kind.bits, kind.bits // stride counts an empty dimension as 1
	for _, d := range i.shape {
		hi, lo := bits.Mul64(stride, max(d, 1))
		if hi != 0 || lo > math.MaxInt {
			return 0, errors.New("shape is too large")
		}
		stride = lo
		n *= d
	}
	if n%8 != 0 {
		return 0, fmt.Errorf("%s%v ends within a byte", i.dtype, i.shape)
	}
	return n / 8, nil
}
