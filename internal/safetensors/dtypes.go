package safetensors

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// An elementType is one of the format's. Those without one of ours have a size only: a tensor of such a type is known by name.
type elementType struct {
	name  string
	bits  uint64
	dtype tensor.DType
}

// elementTypes are those of the reference implementation, version 0.8, in its order: wider ones later.
var elementTypes = []elementType{
	{"BOOL", 8, 0}, {"F4", 4, 0}, {"F6_E2M3", 6, 0}, {"F6_E3M2", 6, 0},
	{"U8", 8, tensor.U8}, {"I8", 8, tensor.I8}, {"F8_E5M2", 8, tensor.F8E5M2}, {"F8_E4M3", 8, tensor.F8E4M3},
	{"F8_E8M0", 8, 0}, {"F8_E4M3FNUZ", 8, 0}, {"F8_E5M2FNUZ", 8, 0},
	{"I16", 16, 0}, {"U16", 16, 0}, {"F16", 16, tensor.F16}, {"BF16", 16, tensor.BF16},
	{"I32", 32, tensor.I32}, {"U32", 32, 0}, {"F32", 32, tensor.F32},
	{"C64", 64, 0}, {"F64", 64, 0}, {"I64", 64, tensor.I64}, {"U64", 64, 0},
}

// typeNamed returns the type of a name in the format.
func typeNamed(name string) (elementType, bool) {
	i := slices.IndexFunc(elementTypes, func(e elementType) bool { return e.name == name })
	if i < 0 {
		return elementType{}, false
	}
	return elementTypes[i], true
}

// order returns the place of a type of ours among those of the format, or -1.
func order(dt tensor.DType) int {
	return slices.IndexFunc(elementTypes, func(e elementType) bool { return e.dtype == dt && dt.Valid() })
}
