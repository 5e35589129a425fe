package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a convolution. A task computes bandPixels×convCols of the result at most. It reads its part of the
// image once for convDepth channels, with a margin for the taps, and multiplies every tap in place.
const (
	bandPixels = 512
	bandCols   = 84
	convCols   = 256
	convDepth  = 192

	bandFloats = 6 * bandPixels * (convDepth + rowPad)
	convFloats = bandFloats + convDepth*maxNR + bandPixels*(convCols+maxNR)
)

// Conv2D is an implicit matrix product: rows are pixels of the result, columns its channels, and K runs over groups
// of channels, the taps, and the channels of a group.
func (b *Backend) Conv2D(dst, x backend.Tensor, w backend.Weight, a backend.ConvArgs) {
	m := w.Matrix
	c := conv{b: b, x: x, dst: dst, w: m, args: a, from: elements[float32](x), to: elements[float32](dst)}
	c.rows, c.cols = x.Dim(1), x.Dim(2)
	if a.Upsample != [2]int{} {
		c.rows, c.cols, c.halve = a.Upsample[0], a.Upsample[1], 1
	}
	c.kh, c.kw, c.in, c.out = m.Dim(1), m.Dim(2), m.Dim(3), m.Dim(0)
	c.depth = even(c.in, convDepth, 8)
	c.epilogue = epilogueOf(b.k, w, backend.GemmArgs{Bias: a.Bias, Add: a.Add}, dst.Dim(1)*dst.Dim(2))
	if a.Norm.Groups > 0 {
		c.norm = b.groupMoments(x, a.Norm)
	}
	if dst.Len() == 0 {
		return
	}
	c.run()
}

// A conv is one convolution under way.
type conv struct {
	b          *Backend
	x, dst, w  backend.Tensor
	args       backend.ConvArgs
	from, to   []float32
	rows, cols int // of the image as it is read
	halve      int // 1 if a pixel is read from half its row and column
	kh, kw     int
	in, out    int
	depth      int // channels of a group
	norm       *channelNorm
	epilogue   epilogue
}

// An area is a part of the result: rows and columns of one batch item, and channels.
type area struct {
	batch, top, bottom, left, right, first, last int
}

// run cuts the result into tasks.
func (c *conv) run() {
	height, width := c.dst.Dim(1), c.dst.Dim(2)
	cols := even(width, c.fittingCols(), 1)
	rows := even(height, c.fittingRows(cols), 1)
	channels := even(c.out, convCols, c.b.k.NR)
	down, across, deep := (height+rows-1)/rows, (width+cols-1)/cols, (c.out+channels-1)/channels
	c.b.pool.For(c.dst.Dim(0)*down*across*deep, func(worker, i int) {
		first := i % deep * channels
		i /= deep
		left := i % across * cols
		i /= across
		top := i % down * rows
		c.block(c.b.space(worker), area{
			batch: i / down, top: top, bottom: min(top+rows, height), left: left, right: min(left+cols, width),
			first: first, last: min(first+channels, c.out),
		})
	})
}

// fittingCols returns how many columns of the result a task may have, so that one row of them fits.
func (c *conv) fittingCols() int {
	return max(1, min(bandCols, (bandFloats/(c.depth+rowPad)/c.kh-c.kw)/c.args.Stride+1))
}

// fittingRows returns how many rows of the result of cols columns a task may have.
func (c *conv) fittingRows(cols int) int {
	bandWidth := (cols-1)*c.args.Stride + c.kw
	rows := (bandFloats/(c.depth+rowPad)/bandWidth-c.kh)/c.args.Stride + 1
	return max(1, min(rows, bandPixels/cols))
}

// A band is what the taps of an area see of the image, for some channels, and the sums that they make of it.
type band struct {
	pixels     []float32 // rows of columns of channels, lda apart
	rows, cols int
	lda, depth int
	sums       []float32 // of each pixel of the area the channels of the result, ldc apart
	ldc        int
}

// block computes one area.
func (c *conv) block(ws space, a area) {
	k, stride := c.b.k, c.args.Stride
	height, width, n := a.bottom-a.top, a.right-a.left, a.last-a.first
	b := band{rows: (height-1)*stride + c.kh, cols: (width-1)*stride + c.kw, lda: c.depth + rowPad, ldc: (n + k.NR - 1) / k.NR * k.NR}
	b.sums = ws.take(height * width * b.ldc)
	panel := ws.take(c.depth * k.NR)
	b.pixels = ws.take(b.rows * b.cols * b.lda)
	for from := 0; from < c.in; from += c.depth {
		b.depth = min(c.depth, c.in-from)
		c.read(&b, a, from)
		for tap := range c.kh * c.kw {
			for p := 0; p < n; p += k.NR {
				if c.b.pool.stopped() {
					return
				}
				pack(k, panel, c.w, ((a.first+p)*c.kh*c.kw+tap)*c.in+from, c.kh*c.kw*c.in, min(k.NR, n-p), b.depth)
				c.multiply(&b, a, tap, p, panel, from+tap > 0)
			}
		}
	}
	c.finish(b.sums, b.ldc, a)
}

// multiply adds the product of one tap with one panel to the sums, from channel p of the area on.
func (c *conv) multiply(b *band, a area, tap, p int, panel []float32, add bool) {
	k, stride := c.b.k, c.args.Stride
	corner, width := tap/c.kw*b.cols+tap%c.kw, a.right-a.left
	for y := range a.bottom - a.top {
		row := b.pixels[(corner+y*stride*b.cols)*b.lda:]
		for x := 0; x < width; x += k.MR {
			sums, pixels := &b.sums[(y*width+x)*b.ldc+p], &row[x*stride*b.lda]
			k.Tile(simd.Rows{At: sums, Ld: b.ldc}, simd.Rows{At: pixels, Ld: stride * b.lda}, &panel[0], min(k.MR, width-x), b.depth, add)
		}
	}
}

// finish takes the sums of an area to the result.
func (c *conv) finish(sums []float32, ldc int, a area) {
	width := a.right - a.left
	for y := a.top; y < a.bottom; y++ {
		for x := a.left; x < a.right; x++ {
			at := a.batch*c.dst.Stride(0) + y*c.dst.Stride(1) + x*c.dst.Stride(2)
			row := ((y-a.top)*width + x - a.left) * ldc
			pixel := (a.batch*c.dst.Dim(1)+y)*c.dst.Dim(2) + x
			c.epilogue.finish(c.to[at+a.first:at+a.last], sums[row:row+a.last-a.first], pixel, a.first)
		}
	}
}

// read fills the band with channels of the pixels that an area's taps see, normalised and activated; beyond the edge of
// the image it is 0.
func (c *conv) read(b *band, a area, from int) {
	top, left := a.top*c.args.Stride-c.args.Pad[0], a.left*c.args.Stride-c.args.Pad[1]
	act, at := c.b.k.Act[c.args.Norm.Act], a.batch*c.in+from
	for r := range b.rows {
		y := top + r
		for i := range b.cols {
			x, pixel := left+i, b.pixels[(r*b.cols+i)*b.lda:][:b.depth]
			if y < 0 || y >= c.rows || x < 0 || x >= c.cols {
				clear(pixel)
				continue
			}
			off := a.batch*c.x.Stride(0) + y>>c.halve*c.x.Stride(1) + x>>c.halve*c.x.Stride(2) + from
			source := c.from[off : off+b.depth]
			if c.norm == nil {
				copy(pixel, source)
				continue
			}
			c.norm.apply(c.b.k, pixel, source, at)
			if c.args.Norm.Act != backend.None {
				act(pixel, pixel)
			}
		}
	}
}
