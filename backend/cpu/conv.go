package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
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

// block computes one area.
func (c *conv) block(ws space, a area) {
	k, stride := c.b.k, c.args.Stride
	height, width, n := a.bottom-a.top, a.right-a.left, a.last-a.first
	bandRows, bandWidth := (height-1)*stride+c.kh, (width-1)*stride+c.kw
	ldc, lda := (n+k.NR-1)/k.NR*k.NR, c.depth+rowPad
	sums := ws.take(height * width * ldc)
	panel := ws.take(c.depth * k.NR)
	band := ws.take(bandRows * bandWidth * lda)
	for from := 0; from < c.in; from += c.depth {
		depth := min(c.depth, c.in-from)
		c.read(band, lda, a, bandRows, bandWidth, from, depth)
		for tap := range c.kh * c.kw {
			corner := band[(tap/c.kw*bandWidth+tap%c.kw)*lda:]
			for p := 0; p < n; p += k.NR {
				if c.b.pool.stopped() {
					return
				}
				pack(k, panel, c.w, ((a.first+p)*c.kh*c.kw+tap)*c.in+from, c.kh*c.kw*c.in, min(k.NR, n-p), depth)
				c.multiply(sums[p:], ldc, corner, lda, bandWidth, panel, height, width, depth, from+tap > 0)
			}
		}
	}
	c.finish(sums, ldc, a)
}

// multiply adds the product of one tap, whose band begins at corner, with one panel to the sums.
func (c *conv) multiply(sums []float32, ldc int, corner []float32, lda, bandWidth int, panel []float32, height, width, depth int, add bool) {
	k, stride := c.b.k, c.args.Stride
	for y := range height {
		row := corner[y*stride*bandWidth*lda:]
		for x := 0; x < width; x += k.MR {
			k.Tile(&sums[(y*width+x)*ldc], ldc, &row[x*stride*lda], stride*lda, &panel[0], min(k.MR, width-x), depth, add)
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
func (c *conv) read(band []float32, lda int, a area, bandRows, bandWidth, from, depth int) {
	top, left := a.top*c.args.Stride-c.args.Pad[0], a.left*c.args.Stride-c.args.Pad[1]
	act, at := c.b.k.Act[c.args.Norm.Act], a.batch*c.in+from
	for r := range bandRows {
		y := top + r
		for i := range bandWidth {
			x, pixel := left+i, band[(r*bandWidth+i)*lda:][:depth]
			if y < 0 || y >= c.rows || x < 0 || x >= c.cols {
				clear(pixel)
				continue
			}
			off := a.batch*c.x.Stride(0) + y>>c.halve*c.x.Stride(1) + x>>c.halve*c.x.Stride(2) + from
			source := c.from[off : off+depth]
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
