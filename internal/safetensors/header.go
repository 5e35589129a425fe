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
	format "github.com/nlpodyssey/safetensors"
)

const (
	lengthSize   = 8
	maxHeader    = 100_000_000 // bytes, the limit of the reference implementation
	metadataName = "__metadata__"
)

// dtypes pairs the element types of the format that we use with ours.
var dtypes = map[format.DType]tensor.DType{
	format.F32: tensor.F32, format.F16: tensor.F16, format.BF16: tensor.BF16,
	format.I8: tensor.I8, format.U8: tensor.U8, format.I32: tensor.I32, format.I64: tensor.I64,
}

// An info is what the header says about a tensor.
type info struct {
	dtype   string
	shape   []uint64
	offsets []uint64 // where its data begins and ends
}

// parse returns the tensors of a file, as views of mem, and its metadata. It ends early when ended returns an error.
func parse(mem *tensor.Memory, ended func() error) (map[string]tensor.Tensor, map[string]string, error) {
	text, err := header(mem.Host)
	if err != nil {
		return nil, nil, err
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
		return nil, nil, err
	}
	start := lengthSize + len(text)
	if err := checkLayout(infos, uint64(len(mem.Host)-start)); err != nil {
		return nil, nil, err
	}
	tensors := make(map[string]tensor.Tensor, len(infos))
	for name, i := range infos {
		dims := make([]int, len(i.shape))
		for k, d := range i.shape {
			dims[k] = int(d)
		}
		dt, _ := dtypeOf(i.dtype)
		tensors[name] = tensor.Make(mem, start+int(i.offsets[0]), dt, dims...)
	}
	return tensors, metadata, nil
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
	dt, err := dtypeOf(i.dtype)
	switch {
	case err != nil:
		return 0, err
	case i.shape == nil || len(i.offsets) != 2:
		return 0, errors.New("expected a shape and two data_offsets")
	case len(i.shape) > tensor.MaxRank:
		return 0, fmt.Errorf("shape %v, expected at most %d dimensions", i.shape, tensor.MaxRank)
	}
	n, stride := uint64(dt.Size()), uint64(dt.Size()) // stride counts an empty dimension as 1
	for _, d := range i.shape {
		hi, lo := bits.Mul64(stride, max(d, 1))
		if hi != 0 || lo > math.MaxInt {
			return 0, errors.New("shape is too large")
		}
		stride = lo
		n *= d
	}
	return n, nil
}

// dtypeOf returns the element type of a name in the format.
func dtypeOf(name string) (tensor.DType, error) {
	f, err := format.ParseDType(name)
	if err != nil {
		return 0, fmt.Errorf("invalid DType string value %.40q", name)
	}
	dt, ok := dtypes[f]
	if !ok {
		return 0, fmt.Errorf("unsupported dtype %v", f)
	}
	return dt, nil
}
