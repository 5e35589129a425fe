package safetensors

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
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

// parse returns the tensors of a file, as views of mem, and its metadata.
func parse(mem *tensor.Memory) (map[string]tensor.Tensor, map[string]string, error) {
	text, err := header(mem.Host)
	if err != nil {
		return nil, nil, err
	}
	if err := checkObject(text); err != nil {
		return nil, nil, fmt.Errorf("not a safetensors file: header %w", err)
	}
	// Only the model of the header comes from the library. Its Deserialize would check the layout a second time, with
	// messages that do not say which tensor is wrong or how long the file should be.
	var meta format.Metadata
	if err := json.Unmarshal(text, &meta); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	infos := meta.Tensors()
	start := lengthSize + len(text)
	if err := checkLayout(infos, uint64(len(mem.Host)-start)); err != nil {
		return nil, nil, err
	}
	tensors := make(map[string]tensor.Tensor, len(infos))
	for name, info := range infos {
		dims := make([]int, len(info.Shape))
		for i, d := range info.Shape {
			dims[i] = int(d)
		}
		tensors[name] = tensor.Make(mem, start+int(info.DataOffsets[0]), dtypes[info.DType], dims...)
	}
	return tensors, meta.Metadata(), nil
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
func checkLayout(infos map[string]*format.TensorInfo, size uint64) error {
	names := slices.SortedFunc(maps.Keys(infos), func(a, b string) int {
		x, y := infos[a].DataOffsets, infos[b].DataOffsets
		return cmp.Or(slices.Compare(x[:], y[:]), strings.Compare(a, b))
	})
	end := uint64(0)
	for _, name := range names {
		info := infos[name]
		n, err := byteSize(info)
		if err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
		lo, hi := info.DataOffsets[0], info.DataOffsets[1]
		switch {
		case hi < lo || hi-lo != n:
			return fmt.Errorf("tensor %.100q: %v%v takes %d bytes, found data from %d to %d", name, info.DType, info.Shape, n, lo, hi)
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

// byteSize returns the size of a tensor's data. A tensor without elements may not have absurd dimensions either.
func byteSize(info *format.TensorInfo) (uint64, error) {
	dt, ok := dtypes[info.DType]
	if !ok {
		return 0, fmt.Errorf("unsupported dtype %v", info.DType)
	}
	if len(info.Shape) > tensor.MaxRank {
		return 0, fmt.Errorf("shape %v, expected at most %d dimensions", info.Shape, tensor.MaxRank)
	}
	n, stride := uint64(dt.Size()), uint64(dt.Size()) // stride counts an empty dimension as 1
	for _, d := range info.Shape {
		hi, lo := bits.Mul64(stride, max(d, 1))
		if hi != 0 || lo > math.MaxInt {
			return 0, errors.New("shape is too large")
		}
		stride = lo
		n *= d
	}
	return n, nil
}
