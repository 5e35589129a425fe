package tensor

import "fmt"

// A DType is an element type. The zero DType is invalid.
type DType uint8

// The element types that checkpoints and streams use.
const (
	F32 DType = iota + 1
	F16
	BF16
	I8
	U8
	I32
	I64
)

var dtypes = [...]struct {
	name string
	size int
}{F32: {"f32", 4}, F16: {"f16", 2}, BF16: {"bf16", 2}, I8: {"i8", 1}, U8: {"u8", 1}, I32: {"i32", 4}, I64: {"i64", 8}}

// Valid reports whether d is one of the element types of this package.
func (d DType) Valid() bool { return d >= F32 && d <= I64 }

// Size returns the bytes of one element.
func (d DType) Size() int {
	if !d.Valid() {
		panic(fmt.Sprintf("tensor: size of %v", d))
	}
	return dtypes[d].size
}

// Float reports whether d is a floating-point type.
func (d DType) Float() bool { return d == F32 || d == F16 || d == BF16 }

func (d DType) String() string {
	if !d.Valid() {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}
