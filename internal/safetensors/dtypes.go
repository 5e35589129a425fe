package safetensors

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
	format "github.com/nlpodyssey/safetensors"
)

// An elementType is one of the format's. Those without one of ours have a size only: a tensor of such a type is known by name.
type elementType struct {
	name  string
	bits  uint64
	dtype tensor.DType
}

// known pairs the element types that the library knows with ours.
var known = map[format.DType]tensor.DType{
	format.U8: tensor.U8, format.I8: tensor.I8, format.F16: tensor.F16, format.BF16: tensor.BF16,
	format.I32: tensor.I32, format.F32: tensor.F32, format.I64: tensor.I64,
}

// ordered are all types of ours as the format orders them: files begin with the last.
var ordered = []tensor.DType{
	tensor.U8, tensor.I8, tensor.F8E5M2, tensor.F8E4M3, tensor.F16, tensor.BF16, tensor.I32, tensor.F32, tensor.I64,
}

// newer are the types that version 0.8 of the reference implementation has besides.
var newer = []elementType{
	{"F4", 4, 0}, {"F6_E2M3", 6, 0}, {"F6_E3M2", 6, 0},
	{"F8_E5M2", 8, tensor.F8E5M2}, {"F8_E4M3", 8, tensor.F8E4M3},
	{"F8_E8M0", 8, 0}, {"F8_E4M3FNUZ", 8, 0}, {"F8_E5M2FNUZ", 8, 0},
	{"C64", 64, 0},
}

// typeNamed returns the type of a name in the format.
func typeNamed(name string) (e elementType, ok bool) {
	if f, err := format.ParseDType(name); err == nil {
		return elementType{name, 8 * f.Size(), known[f]}, true
	}
	i := slices.IndexFunc(newer, func(e elementType) bool { return e.name == name })
	if i < 0 {
		return e, false
	}
	return newer[i], true
}

// nameOf returns the name in the format of a type of ours.
func nameOf(dt tensor.DType) string {
	for f, known := range known {
		if known == dt {
			return f.String()
		}
	}
	return newer[slices.IndexFunc(newer, func(e elementType) bool { return e.dtype == dt })].name
}
