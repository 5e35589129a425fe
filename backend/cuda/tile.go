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
	shared        int // bytes
}

// The tiles. Large ones read least for each product, small ones keep more of a device busy.
var (
	largeBF16 = tile{"large", 128, 128, 128, 3 * (128 + 128) * 64}
	smallBF16 = tile{"small", 64, 64, 128, 3 * (64 + 64) * 64}
	tallBF16  = tile{"tall", 128, 32, 128, 3 * (128 + 32) * 64}
	flatBF16  = tile{"flat", 16, 128, 128, 3 * (16 + 128) * 64}
	largeF32  = tile{"large", 128, 128, 256, 2 * 16 * (128 + 128 + 8) * 4}
	smallF32  = tile{"small", 32, 32, 64, 2 * 16 * (32 + 32 + 8) * 4}
)

// busy is how many thread blocks should be there before larger tiles are worth it: about one for each multiprocessor of a large
// device. It is the same for every device, and with it every result. Tests of large tiles make it less.
const busy = 128

// tileFor chooses the tile for an m×n product. It looks at nothing else, so that results do not depend on where operands lie.
func (b *Backend) tileFor(act tensor.DType, m, n int) tile {
	if act == tensor.BF16 && m <= flatBF16.rows {
		return flatBF16
	}
	return b.squareFor(act, m, n)
}

// patchTileFor chooses the tile for a convolution of m pixels to n channels, which are few where a network ends.
func (b *Backend) patchTileFor(act tensor.DType, m, n int) tile {
	if act == tensor.BF16 && n <= tallBF16.columns && tallBF16.count(m, n) >= b.busy {
		return tallBF16
	}
	return b.squareFor(act, m, n)
}

func (b *Backend) squareFor(act tensor.DType, m, n int) tile {
	large, small := largeF32, smallF32
	if act == tensor.BF16 {
		large, small = largeBF16, smallBF16
	}
	if n > small.columns && large.count(m, n) >= b.busy {
		return large
	}
	return small
}

// count returns how many tiles there are in an m×n product.
func (t tile) count(m, n int) int {
	return parts(m, t.rows) * parts(n, t.columns)
}

func (t tile) grid(m, n int) [3]int { return [3]int{t.count(m, n), 1, 1} }
