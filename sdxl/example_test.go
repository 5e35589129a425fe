package sdxl_test

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/sdxl"
)

// The first cosines of time step 981.
func ExampleConfig_Time() {
	time := sdxl.Published.Time(981)
	fmt.Printf("%d: %.5f %.5f\n", len(time), time[0], time[1])
	// Output: 320: 0.67996 -0.79843
}
