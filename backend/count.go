package backend

import "math"

// Sum and Product count what may be more than an int64 holds, such as the operations of an absurd request: then the result
// is the largest one. Numbers are not negative.
func Sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Product multiplies as [Sum] adds.
func Product[N int | int64](factors ...N) int64 {
	n := int64(1)
	for _, f := range factors {
		if f != 0 && n > math.MaxInt64/int64(f) {
			return math.MaxInt64
		}
		n *= int64(f)
	}
	return n
}
