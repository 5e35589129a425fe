package t5

import (
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// relativeBias returns F32 [heads, n, n]: what is added to the score of query i and key j, which depends on j - i only.
func (e *Encoder) relativeBias(s *backend.Stream, n int) Tensor {
	heads, distances := e.config.Heads, 2*n-1
	bias := s.NewOf(tensor.F32, heads, n, n)
	defer s.Release(s.Mark())
	all := s.NewOf(tensor.F32, heads, 1, distances) // of each head, from -(n-1) to n-1
	places := s.IDs(func(dst []int32) {
		for i := 0; i < distances && !s.Stopped(); i++ {
			bucket := e.config.bucket(i - (n - 1))
			for h := range heads {
				dst[h*distances+i] = int32(bucket*heads + h)
			}
		}
	}, heads, distances)
	s.Gather(all.Reshape(heads, distances, 1), e.bias.Reshape(-1, 1), places)
	for i := range n {
		s.Copy(bias.Slice(1, i, i+1), all.Slice(2, n-1-i, 2*n-1-i))
	}
	return bias
}

// bucket returns the row of the table for the key that stands so many positions behind the query. Near distances have
// a row each; far ones share rows, in ever wider ranges. Keys after the query use the upper half.
func (c Config) bucket(offset int) int {
	half, first := c.Buckets/2, 0
	if offset > 0 {
		first = half
	}
	distance, near := max(offset, -offset), half/2
	if distance < near {
		return first + distance
	}
	// Rounded to float32 where the reference does, which decides at the limits of the ranges.
	log := float32(math.Log(float64(float32(distance)/float32(near)))) / float32(math.Log(float64(c.MaxDistance)/float64(near)))
	return first + min(near+int(log*float32(half-near)), half-1)
}
