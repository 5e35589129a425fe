package cuda

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// BenchmarkConvert measures how fast weights are made ready for the device.
func BenchmarkConvert(b *testing.B) {
	for _, c := range []struct{ from, to tensor.DType }{
		{tensor.BF16, tensor.BF16}, {tensor.F16, tensor.BF16}, {tensor.F32, tensor.BF16},
	} {
		b.Run(c.from.String()+"/"+c.to.String(), func(b *testing.B) {
			const n = slotBytes / 4
			src, dst := make([]byte, n*c.from.Size()), make([]byte, n*c.to.Size())
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				convert(dst, c.to, src, c.from)
			}
		})
	}
}
