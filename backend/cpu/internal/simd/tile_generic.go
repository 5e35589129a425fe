package simd

import "unsafe"

// The rows and columns of the tile of the Go implementation. Its sums fit into the registers of most machines.
const (
	genericMR = 4
	genericNR = 4
)

// tileGeneric is Product.Tile for 4×4 and words that are one number. Row by row, four sums at a time.
func tileGeneric[E float32 | int32](c, a Rows, b *float32, rows, k int, add bool) {
	panel := as[E](unsafe.Slice(b, k*genericNR))
	for r := range rows {
		sums := as[E](unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(c.At), 4*r*c.Ld)), genericNR))
		row := as[E](unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(a.At), 4*r*a.Ld)), k))
		var s0, s1, s2, s3 E
		for i, p := 0, panel; i < len(row) && len(p) >= genericNR; i, p = i+1, p[genericNR:] {
			x := row[i]
			s0 += x * p[0]
			s1 += x * p[1]
			s2 += x * p[2]
			s3 += x * p[3]
		}
		if add {
			s0, s1, s2, s3 = s0+sums[0], s1+sums[1], s2+sums[2], s3+sums[3]
		}
		sums[0], sums[1], sums[2], sums[3] = s0, s1, s2, s3
	}
}

// peakGeneric does n times four multiplications and additions and returns their number.
func peakGeneric[E float32 | int32](n int) int64 {
	var x, s0, s1, s2, s3 E = 1, 0, 0, 0, 0
	for range n {
		s0 += x * s0
		s1 += x * s1
		s2 += x * s2
		s3 += x * s3
	}
	if s0+s1+s2+s3 != 0 {
		panic("simd: sums of zeros")
	}
	return int64(n) * 8
}
