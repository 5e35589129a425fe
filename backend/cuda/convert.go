package cuda

import (
	"fmt"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/internal/parallel"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// convert stores the numbers src of one type as those of another in dst, rounded to the nearest, on all processors.
func convert(dst []byte, to tensor.DType, src []byte, from tensor.DType) {
	parallel.Ranges(len(src)/from.Size(), func(lo, hi int) {
		d, s := dst[lo*to.Size():hi*to.Size()], src[lo*from.Size():hi*from.Size()]
		switch {
		case from == to:
			copy(d, s)
		case from == tensor.F32 && to == tensor.BF16:
			each(d, s, tensor.ToBF16)
		case from == tensor.F16 && to == tensor.BF16:
			each(d, s, func(u uint16) uint16 { return tensor.ToBF16(tensor.FromF16(u)) })
		case from == tensor.F16 && to == tensor.F32:
			each(d, s, tensor.FromF16)
		case from == tensor.BF16 && to == tensor.F32:
			each(d, s, tensor.FromBF16)
		default:
			panic(fmt.Sprintf("cuda: a copy of %v as %v", from, to))
		}
	})
}

func each[D, S any](dst, src []byte, f func(S) D) {
	d := unsafe.Slice((*D)(unsafe.Pointer(unsafe.SliceData(dst))), len(dst)/int(unsafe.Sizeof(*new(D))))
	s := unsafe.Slice((*S)(unsafe.Pointer(unsafe.SliceData(src))), len(d))
	for i := range d {
		d[i] = f(s[i])
	}
}
