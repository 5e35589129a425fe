package sampler_test

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// The values that torch.randn gives on the CPU in bfloat16, the first in testdata/noise.json.
func ExampleNormal() {
	fmt.Println(sampler.Normal(0, 16, tensor.BF16)[:4])
	// Output: [1.4609375 0.29101562 0.9609375 1.5703125]
}
