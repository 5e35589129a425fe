package tensor

import (
	"fmt"
	"strings"
)

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
	F8E4M3 // eight bits: one for the sign, four of exponent, three of fraction; without infinities
	F8E5M2 // eight bits: one for the sign, five of exponent, two of fraction
)

var dtypes = [...]struct {
	name string
	size int
}{F32: {"f32", 4}, F16: {"f16", 2}, BF16: {"bf16", 2}, I8: {"i8", 1}, U8: {"u8", 1}, I32: {"i32", 4}, I64: {"i64", 8},
	F8E4M3: {"f8_e4m3", 1}, F8E5M2: {"f8_e5m2", 1}}

// Valid reports whether d is one of the element types of this package.
func (d DType) Valid() bool { return d >= F32 && d <= F8E5M2 }

// Size returns the bytes of one element.
func (d DType) Size() int {
	if !d.Valid() {
		panic(fmt.Sprintf("tensor: size of %v", d))
	}
	return dtypes[d].size
}

// Float reports whether d is a floating-point type that is computed with. Those of eight bits are only stored.
func (d DType) Float() bool { return d == F32 || d == F16 || d == BF16 }

// Float8 reports whether d is a floating-point type of eight bits.
func (d DType) Float8() bool { return d == F8E4M3 || d == F8E5M2 }

func (d DType) String() string {
	if !d.Valid() {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// MarshalText returns the name, such as bf16, or an error if d is none of this package, as the zero DType is.
func (d DType) MarshalText() ([]byte, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("tensor: %v has no name", d)
	}
	return []byte(dtypes[d].name), nil
}

// UnmarshalText sets d to the element type of a name that MarshalText gives.
func (d *DType) UnmarshalText(name []byte) error {
	for i, known := range dtypes {
		if DType(i).Valid() && string(name) == known.name {
			*d = DType(i)
			return nil
		}
	}
	return fmt.Errorf("tensor: element type %.40q is not one of %s", name, names())
}

// names lists all names.
func names() string {
	var all []string
	for d := F32; d.Valid(); d++ {
		all = append(all, d.String())
	}
	return strings.Join(all, ", ")
}
