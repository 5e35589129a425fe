package tensor_test

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// A fused projection holds queries, keys and values side by side. Views take it apart without copying.
func Example() {
	qkv := tensor.FromFloat32s(make([]float32, 77*3*768), 77, 3*768)
	keys := qkv.Slice(1, 768, 2*768).Heads(12)
	fmt.Println(keys, keys.Stride(0), keys.Compact())
	// Output: f32[77 12 64] 2304 false
}
