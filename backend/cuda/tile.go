package cuda

import "github.com/faceclip-go/faceclip-go/tensor"

// How many bytes of a row a thread reads at once: of numbers that are in the type of activations, and of codes of I8.
const (
	tileBytes = 16
	codeBytes = 8
)

// A tile is the part of a product that a thread block computes: a typedef of kernels/tile_bf16.cuh or
// kernels/tile_f32.cuh.
type tile struct {
	name          string
	rows, columns int
	threads       int
	shared        int     // bytes
	each          int     // thread blocks that a multiprocessor runs at once; this and speed choose among square tiles of BF16
	speed         float64 // of a product, if all are busy, relative to the fastest
}

// The tiles. Large ones read least for each product, small ones keep more of a device busy. Speeds are those of an H100. Large and
// medium ones of BF16 take operands only whose rows begin at multiples of what a thread reads at once.
var (
	largeBF16  = tile{"large", 128, 128, 256, 3 * (128 + 128) * 64, 2, 1}
	mediumBF16 = tile{"medium", 128, 64, 128, 3 * (128 + 64) * 64, 3, 0.9}
	smallBF16  = tile{"small", 64, 64, 128, 3 * (64 + 64) * 64, 4, 0.68}
	tallBF16   = tile{name: "tall", rows: 128, columns: 32, threads: 128, shared: 3 * (128 + 32) * 64}
	flatBF16   = tile{name: "flat", rows: 16, columns: 128, threads: 128, shared: 3 * (16 + 128) * 64}
	largeF32   = tile{name: "large", rows: 128, columns: 128, threads: 256, shared: 2 * 16 * (128 + 128 + 8) * 4}
	smallF32   = tile{name: "small", rows: 32, columns: 32, threads: 64, shared: 2 * 16 * (32 + 32 + 8) * 4}
)

// multiprocessors is how many a large device has. Kernels are chosen for that on every device, so that results, of attention above all,
// are the same on all of them. Tests of large tiles make it less.
const multiprocessors = 128

// tileFor chooses the tile for an m×n product. All give the same results: each sum is that of its products in their order.
func (b *Backend) tileFor(act tensor.DType, m, n int, wide bool) tile {
	if act == tensor.BF16 && m <= flatBF16.rows {
		return flatBF16
	}
	return b.squareFor(act, m, n, wide)
}

// patchTileFor chooses the tile for a convolution of m pixels to n channels, which are few where a network ends.
func (b *Backend) patchTileFor(act tensor.DType, m, n int, wide bool) tile {
	if act == tensor.BF16 && n <= tallBF16.columns && tallBF16.count(m, n) >= b.multiprocessors {
		return tallBF16
	}
	return b.squareFor(act, m, n, wide)
}

func (b *Backend) squareFor(act tensor.DType, m, n int, wide bool) tile {
	if act == tensor.F32 {
		if n > smallF32.columns && largeF32.count(m, n) >= b.multiprocessors {
			return largeF32
		}
		return smallF32
	}
	best := smallBF16
	for _, t := range []tile{mediumBF16, largeBF16} {
		if wide && b.time(t, m, n) < b.time(best, m, n) {
			best = t
		}
	}
	return best
}

// time returns how long an m×n product takes, in some unit: so long as the last multiprocessor is at it. One that has fewer thread
// blocks than it could takes as long.
func (b *Backend) time(t tile, m, n int) float64 {
	waves := parts(t.count(m, n), t.each*b.multiprocessors)
	return float64(waves*t.each*t.rows*t.columns) / t.speed
}

// count returns how many tiles there are in an m×n product.
func (t tile) count(m, n int) int {
	return parts(m, t.rows) * parts(n, t.columns)
}

func (t tile) grid(m, n int) [3]int { return [3]int{t.count(m, n), 1, 1} }
