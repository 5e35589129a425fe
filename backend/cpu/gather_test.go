package cpu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// An index that the table does not have is a panic of the caller's, not a read elsewhere.
func TestGatherOutOfRange(t *testing.T) {
	b := opened(t, 2, simd.Variants()[0])
	for _, id := range []int32{-1, 50} {
		func() {
			defer func() {
				message := fmt.Sprint(recover())
				if !strings.Contains(message, fmt.Sprintf("id %d of a table of 50 rows", id)) {
					t.Errorf("id %d: %s", id, message)
				}
			}()
			b.Gather(blank(2, 8), normal(random("table"), 50, 8), tensor.FromInt32s([]int32{3, id}, 2))
		}()
	}
}
