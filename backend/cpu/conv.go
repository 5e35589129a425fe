package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a convolution. A task computes bandPixels×convCols of the result at most. It reads its part of the
// image once for convDepth words of channels, with a margin for the taps, and multiplies every tap in place.
const (
	bandPixels = 512
	bandCols   = 84
	convCols   = 256
	convDepth  = 192 // words

	bandWords = 6 * bandPixels * (convDepth + rowPad)
	convWords = bandWords + convDepth*simd.MaxNR + (bandPixels+1)*(convCols+simd.MaxNR) + convDepth*5 + simd.PackScratch
)

// Conv2D is an implicit matrix product: rows are pixels of the result, columns its channels, and K runs over groups
// of channels, the taps, and the channels of a group.
func (b *Backend) Conv2D(dst, x backend.Tensor, w backend.Weight, a backend.ConvArgs) {
	m := w.Matrix
	c := &b.conv
	defer forget(c)
	*c = conv{b: b, p: b.product(a.Compute, w), x: x, dst: dst, w: m, args: a, from: elements[float32](x), to: elements[float32](dst)}
	c.rows, c.cols = x.Dim(1), x.Dim(2)
	if a.Upsample != [2]int{} {
		c.rows, c.cols, c.halve = a.Upsample[0], a.Upsample[1], 1
	}
	c.kh, c.kw, c.in, c.out = m.Dim(1), m.Dim(2), m.Dim(3), m.Dim(0)
	c.depth = even(c.in, convDepth*c.p.Group, 8*c.p.Group)
	c.epilogue = epilogueOf(b.k, c.p, w, backend.GemmArgs{Bias: a.Bias, Add: a.Add}, dst.Dim(1)*dst.Dim(2))
	if a.Norm.Groups > 0 {
		c.norm = b.groupMoments(x, a.Norm)
	}
	if dst.Len() == 0 {
		return
	}
	if c.p.Integer {
		c.scales = c.imageScales()
	}
	c.run()
}

// A conv is one convolution under way.
type conv struct {
	b          *Backend
	p          *simd.Product
	x, dst, w  backend.Tensor
	args       backend.ConvArgs
	from, to   []float32
	rows, cols int // of the image as it is read
	halve      int // 1 if a pixel is read from half its row and column
	kh, kw     int
	in, out    int
	depth      int // channels of a group
	norm       *channelNorm
	scales     []float32 // of each batch item as integers
	epilogue   epilogue
	tasks      convTasks
}

// convTasks say how the result is cut: into areas of at most so many rows, columns and channels, and how many of these there are.
type convTasks struct {
	rows, cols, channels, down, across, deep int
}

// An area is a part of the result: rows and columns of one batch item, and channels.
type area struct {
	batch, top, bottom, left, right, first, last int
}

// run cuts the result into tasks.
func (c *conv) run() {
	height, width, t := c.dst.Dim(1), c.dst.Dim(2), &c.tasks
	t.cols = even(width, c.fittingCols(), 1)
	t.rows = even(height, c.fittingRows(t.cols), 1)
	t.channels = even(c.out, convCols, c.p.NR)
	t.down, t.across, t.deep = (height+t.rows-1)/t.rows, (width+t.cols-1)/t.cols, (c.out+t.channels-1)/t.channels
	c.b.pool.For(c.dst.Dim(0)*t.down*t.across*t.deep, c)
}

// do computes area i.
func (c *conv) do(worker, i int) {
	t := &c.tasks
	first := i % t.deep * t.channels
	i /= t.deep
	left := i % t.across * t.cols
	i /= t.across
	top := i % t.down * t.rows
	c.block(c.b.space(worker), area{
		batch: i / t.down, top: top, bottom: min(top+t.rows, c.dst.Dim(1)), left: left, right: min(left+t.cols, c.dst.Dim(2)),
		first: first, last: min(first+t.channels, c.out),
	})
}

// lda returns the words from one pixel of a band to the next.
func (c *conv) lda() int { return c.p.Words(c.depth) + rowPad }

// fittingCols returns how many columns of the result a task may have, so that one row of them fits.
func (c *conv) fittingCols() int {
	return max(1, min(bandCols, (bandWords/c.lda()/c.kh-c.kw)/c.args.Stride+1))
}

// fittingRows returns how many rows of the result of cols columns a task may have.
func (c *conv) fittingRows(cols int) int {
	bandWidth := (cols-1)*c.args.Stride + c.kw
	rows := (bandWords/c.lda()/bandWidth-c.kh)/c.args.Stride + 1
	return max(1, min(rows, bandPixels/cols))
}

// A band is what the taps of an area see of the image, for some channels, and the sums that they make of it.
type band struct {
	pixels     []float32 // rows of columns of words of channels, lda apart
	rows, cols int
	lda, depth int       // depth in channels
	sums       []float32 // of each pixel of the area the channels of the result, ldc apart; then what zeros give
	ldc        int
	zeros      []float32 // a pixel of zeros
	numbers    []float32 // of a pixel that is being read
}

// block computes one area.
func (c *conv) block(ws space, a area) {
	p, stride := c.p, c.args.Stride
	height, width, n := a.bottom-a.top, a.right-a.left, a.last-a.first
	b := band{rows: (height-1)*stride + c.kh, cols: (width-1)*stride + c.kw, lda: c.lda(), ldc: roundUp(n, p.NR)}
	b.sums = ws.take((height*width + p.Extra()) * b.ldc)
	panel, scratch := ws.take(p.Words(c.depth)*p.NR), ws.take(simd.PackScratch)
	b.zeros, b.numbers = ws.take(p.Words(c.depth)), ws.take(c.depth)
	fill(b.zeros, p.Zero)
	b.pixels = ws.take(b.rows * b.cols * b.lda)
	for from := 0; from < c.in; from += c.depth {
		b.depth = min(c.depth, c.in-from)
		c.read(&b, a, from)
		for tap := range c.kh * c.kw {
			for col := 0; col < n; col += p.NR {
				if c.b.pool.stopped() {
					return
				}
				w := matrixOf(c.w, ((a.first+col)*c.kh*c.kw+tap)*c.in+from, c.kh*c.kw*c.in)
				p.PackColumns(panel[:p.Words(b.depth)*p.NR], w, min(p.NR, n-col), b.depth, scratch)
				c.multiply(&b, a, tap, col, panel, from+tap > 0)
			}
		}
	}
	c.finish(&b, a)
}

// multiply adds the product of one tap with one panel to the sums, from channel col of the area on.
func (c *conv) multiply(b *band, a area, tap, col int, panel []float32, add bool) {
	p, stride, words := c.p, c.args.Stride, c.p.Words(b.depth)
	corner, width := tap/c.kw*b.cols+tap%c.kw, a.right-a.left
	rows := even(width, p.MR, 1) // of a tile: two of 8 are faster than one of 14 and one of 2
	for y := range a.bottom - a.top {
		row := b.pixels[(corner+y*stride*b.cols)*b.lda:]
		for x := 0; x < width; x += rows {
			sums, pixels := &b.sums[(y*width+x)*b.ldc+col], &row[x*stride*b.lda]
			p.Tile(simd.Rows{At: sums, Ld: b.ldc}, simd.Rows{At: pixels, Ld: stride * b.lda}, &panel[0], min(rows, width-x), words, add)
		}
	}
	if p.Integer {
		sums := &b.sums[(a.bottom-a.top)*width*b.ldc+col]
		p.Tile(simd.Rows{At: sums, Ld: b.ldc}, simd.Rows{At: &b.zeros[0], Ld: b.lda}, &panel[0], 1, words, add)
	}
}

// finish takes the sums of an area to the result.
func (c *conv) finish(b *band, a area) {
	width, n := a.right-a.left, a.last-a.first
	zero := b.sums[(a.bottom-a.top)*width*b.ldc:]
	for y := a.top; y < a.bottom; y++ {
		for x := a.left; x < a.right; x++ {
			at := a.batch*c.dst.Stride(0) + y*c.dst.Stride(1) + x*c.dst.Stride(2)
			sums, dst := b.sums[((y-a.top)*width+x-a.left)*b.ldc:][:n], c.to[at+a.first:at+a.last]
			sums = c.epilogue.numbers(dst, sums, zero, c.scale(a.batch), a.first)
			c.epilogue.finish(dst, sums, (a.batch*c.dst.Dim(1)+y)*c.dst.Dim(2)+x, a.first)
		}
	}
}

// read fills the band with channels of the pixels that an area's taps see, normalised and activated; beyond the edge of
// the image it is 0.
func (c *conv) read(b *band, a area, from int) {
	top, left := a.top*c.args.Stride-c.args.Pad[0], a.left*c.args.Stride-c.args.Pad[1]
	words, scale := c.p.Words(b.depth), inverse(c.scale(a.batch))
	for r := range b.rows {
		y := top + r
		for i := range b.cols {
			x, pixel := left+i, b.pixels[(r*b.cols+i)*b.lda:][:words]
			if y < 0 || y >= c.rows || x < 0 || x >= c.cols {
				copy(pixel, b.zeros)
				continue
			}
			off := a.batch*c.x.Stride(0) + y>>c.halve*c.x.Stride(1) + x>>c.halve*c.x.Stride(2) + from
			source := c.from[off : off+b.depth]
			if c.norm == nil {
				c.p.PackRow(pixel, source, scale)
				continue
			}
			numbers := b.numbers[:b.depth]
			c.normalise(numbers, source, a.batch*c.in+from)
			c.p.PackRow(pixel, numbers, scale)
		}
	}
}

// normalise computes what the convolution sees of channels, from at on in the norms of all batch items.
func (c *conv) normalise(dst, src []float32, at int) {
	c.norm.apply(c.b.k, dst, src, at)
	if f := c.args.Norm.Act; f != backend.None {
		c.b.k.Act[f](dst, dst)
	}
}

// scale returns what one means in a batch item.
func (c *conv) scale(batch int) float32 {
	if c.scales == nil {
		return 1
	}
	return c.scales[batch]
}

// imageSpace is the memory of imageScales between calls.
type imageSpace struct {
	largest []float32 // the largest number of each row [B, H]
	scales  []float32 // [B]
}

// imageScales returns what one means in each batch item as integers. It is valid until the next call.
func (c *conv) imageScales() []float32 {
	batch, rows := c.x.Dim(0), c.x.Dim(1)
	largest := grow(&c.b.image.largest, batch*rows)
	c.b.share(batch*rows, c.x.Dim(2)*c.in, (*largestOfRows)(c))
	scales := grow(&c.b.image.scales, batch)
	for i := range scales {
		most := float32(0)
		for _, v := range largest[i*rows : (i+1)*rows] {
			most = max(most, v)
		}
		scales[i] = integerScale(most)
	}
	return scales
}

// largestOfRows finds the largest numbers of the rows of images.
type largestOfRows conv

func (l *largestOfRows) do(worker, i int) {
	c := (*conv)(l)
	batch, row := i/c.x.Dim(1), i%c.x.Dim(1)
	numbers := c.b.space(worker)[:c.in]
	most := float32(0)
	for x := range c.x.Dim(2) {
		source := c.from[batch*c.x.Stride(0)+row*c.x.Stride(1)+x*c.x.Stride(2):][:c.in]
		if c.norm != nil {
			c.normalise(numbers, source, batch*c.in)
			source = numbers
		}
		most = max(most, c.b.k.AbsMax(source))
	}
	c.b.image.largest[i] = most
}
