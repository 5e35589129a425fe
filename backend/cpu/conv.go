package cpu

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// The blocks of a convolution. What taps see of a strip of the image is normalised, activated and packed once, for all channels and all
// workers. A task then computes areaPixels×areaChannels of the result at most, in steps of convDepth words of channels, and multiplies every
// tap in place.
const (
	stripCols    = 256 // of the image, so that a strip has rows enough to read few of them twice
	areaPixels   = 512
	areaCols     = 84
	areaChannels = 256
	convDepth    = 192 // words

	convWords = (areaPixels+1)*areaChannels + convDepth*(simd.MaxNR+1)
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
	c.steps = stepsOf(c.p, c.in, even(c.in, convDepth*c.p.Group, 8*c.p.Group))
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
	steps      // over channels; what it calls rows are pixels
	norm       *channelNorm
	scales     []float32 // of each batch item as integers
	epilogue   epilogue
	strip      strip
	areas      areas
}

// A strip is rows and columns of the result, the same of some batch items, and what their taps see: rows and columns of packed pixels.
type strip struct {
	item, top, left    int // the first
	items, rows, cols  int
	rowsSeen, colsSeen int
}

// run packs what a strip sees, multiplies it, and goes on with the next.
func (c *conv) run() {
	batch, height, width := c.dst.Dim(0), c.dst.Dim(1), c.dst.Dim(2)
	items, rows, cols := c.stripSize()
	for item := 0; item < batch; item += items {
		for top := 0; top < height; top += rows {
			for left := 0; left < width; left += cols {
				if c.b.pool.stopped() {
					return
				}
				c.strip = strip{
					item: item, top: top, left: left,
					items: min(items, batch-item), rows: min(rows, height-top), cols: min(cols, width-left),
				}
				c.multiplyStrip()
			}
		}
	}
}

// stripSize returns how many batch items, rows and columns a strip has, so that what it sees fits.
func (c *conv) stripSize() (items, rows, cols int) {
	height, width, stride := c.dst.Dim(1), c.dst.Dim(2), c.args.Stride
	pixels := len(c.b.packed) / c.words()
	fitting := func(seen, kernel int) int { return max(1, (seen-kernel)/stride+1) }
	cols = even(width, min(stripCols, fitting(pixels/c.kh, c.kw)), 1)
	colsSeen := (cols-1)*stride + c.kw
	rows = even(height, fitting(pixels/colsSeen, c.kh), 1)
	if rows < height || cols < width {
		return 1, rows, cols
	}
	return max(1, pixels/colsSeen/((rows-1)*stride+c.kh)), rows, cols
}

// multiplyStrip computes a strip of the result.
func (c *conv) multiplyStrip() {
	s := &c.strip
	s.rowsSeen, s.colsSeen = (s.rows-1)*c.args.Stride+c.kh, (s.cols-1)*c.args.Stride+c.kw
	c.b.share(s.items*s.rowsSeen, s.colsSeen*c.in, (*convPacking)(c))
	c.cut()
	a := &c.areas
	c.b.pool.For(s.items*a.down*a.across*a.deep, c)
}

// cut cuts the strip into areas, their channels so that workers have as many.
func (c *conv) cut() {
	s, a := &c.strip, &c.areas
	a.cols = even(s.cols, areaCols, 1)
	a.rows = even(s.rows, areaPixels/a.cols, 1)
	a.down, a.across = (s.rows+a.rows-1)/a.rows, (s.cols+a.cols-1)/a.cols
	workers, places := c.b.pool.workers, s.items*a.down*a.across
	fair := func(deep int) bool {
		tasks := places * deep
		return tasks >= 2*tasksPerWorker*workers || tasks >= tasksPerWorker*workers && tasks%workers == 0
	}
	deep := (c.out + areaChannels - 1) / areaChannels
	for workers > 1 && !fair(deep) && deep < c.out/(2*c.p.NR) {
		deep++
	}
	a.channels = even(c.out, (c.out+deep-1)/deep, c.p.NR)
	a.deep = (c.out + a.channels - 1) / a.channels
}

// A convPacking is a conv of which a strip is being packed.
type convPacking conv

// do packs a row of pixels of the strip, normalised and activated; beyond the edge of the image they are 0.
func (p *convPacking) do(worker, i int) {
	c, s := (*conv)(p), &p.strip
	item, row := i/s.rowsSeen, i%s.rowsSeen
	y, left := s.top*c.args.Stride-c.args.Pad[0]+row, s.left*c.args.Stride-c.args.Pad[1]
	for col := range s.colsSeen {
		x := left + col
		if y < 0 || y >= c.rows || x < 0 || x >= c.cols {
			c.packZeros(item, row, col)
			continue
		}
		off := (s.item+item)*c.x.Stride(0) + y>>c.halve*c.x.Stride(1) + x>>c.halve*c.x.Stride(2)
		pixel := c.from[off : off+c.in]
		if c.norm != nil {
			numbers := c.b.space(worker)[:c.in]
			c.normalise(numbers, pixel, (s.item+item)*c.in)
			pixel = numbers
		}
		c.pack(pixel, item, row, col)
	}
}

// pack packs all channels of a pixel of the strip.
func (c *conv) pack(channels []float32, item, row, col int) {
	for step := range c.count {
		numbers := channels[step*c.depth : min((step+1)*c.depth, c.in)]
		c.p.PackRow(c.packed(step, item, row, col)[:c.p.Words(len(numbers))], numbers, inverse(c.scale(c.strip.item+item)))
	}
}

func (c *conv) packZeros(item, row, col int) {
	for step := range c.count {
		fill(c.packed(step, item, row, col)[:c.p.Words(c.depth)], c.p.Zero)
	}
}

// packed returns the words of a step from a pixel of the strip on.
func (c *conv) packed(step, item, row, col int) []float32 {
	s := &c.strip
	return c.b.packed[(((step*s.items+item)*s.rowsSeen+row)*s.colsSeen+col)*c.lda:]
}

// areas say how a strip is cut: into areas of at most so many rows, columns and channels, and how many of these there are.
type areas struct {
	rows, cols, channels, down, across, deep int
}

// An area is a part of a strip under way: rows and columns of one of its batch items, and channels.
type area struct {
	item, top, bottom, left, right, first, last int
	sums                                        []float32 // of each pixel the channels, ldc apart
	ldc                                         int
	panel                                       panel
}

// do computes area i. Neighbouring tasks share pixels.
func (c *conv) do(worker, i int) {
	s, cut := &c.strip, &c.areas
	first := i % cut.deep * cut.channels
	i /= cut.deep
	left := i % cut.across * cut.cols
	i /= cut.across
	top := i % cut.down * cut.rows
	a := area{
		item: i / cut.down, top: top, bottom: min(top+cut.rows, s.rows), left: left, right: min(left+cut.cols, s.cols),
		first: first, last: min(first+cut.channels, c.out),
	}
	c.compute(&a, c.b.space(worker))
}

// compute computes an area of the result.
func (c *conv) compute(a *area, ws space) {
	a.ldc = roundUp(a.last-a.first, c.p.NR)
	a.sums = ws.take((a.bottom - a.top) * (a.right - a.left) * a.ldc)
	a.panel = panelIn(&ws, c.p, c.depth, a.ldc)
	for step := range c.count {
		for tap := range c.kh * c.kw {
			for col := 0; col < a.last-a.first; col += c.p.NR {
				if c.b.pool.stopped() {
					return
				}
				c.multiply(a, step, tap, col)
			}
		}
	}
	c.finish(a)
}

// multiply adds the product of one tap with one panel to the sums, from channel col of the area on.
func (c *conv) multiply(a *area, step, tap, col int) {
	p, stride, from := c.p, c.args.Stride, step*c.depth
	depth := min(c.depth, c.in-from)
	words, width := p.Words(depth), a.right-a.left
	w := matrixOf(c.w, ((a.first+col)*c.kh*c.kw+tap)*c.in+from, c.kh*c.kw*c.in)
	a.panel.pack(w, min(p.NR, a.last-a.first-col), depth)
	rows := even(width, p.MR, 1) // of a tile: two of 8 are faster than one of 14 and one of 2
	for y := range a.bottom - a.top {
		row := c.packed(step, a.item, (a.top+y)*stride+tap/c.kw, a.left*stride+tap%c.kw)
		for x := 0; x < width; x += rows {
			sums, pixels := &a.sums[(y*width+x)*a.ldc+col], &row[x*stride*c.lda]
			a.panel.multiply(simd.Rows{At: sums, Ld: a.ldc}, simd.Rows{At: pixels, Ld: stride * c.lda}, min(rows, width-x), words, from+tap > 0)
		}
	}
	a.panel.multiplyZeros(col, words, from+tap > 0)
}

// finish takes the sums of an area to the result.
func (c *conv) finish(a *area) {
	s, sums, n := &c.strip, a.sums, a.last-a.first
	item := s.item + a.item
	for y := s.top + a.top; y < s.top+a.bottom; y++ {
		for x := s.left + a.left; x < s.left+a.right; x++ {
			at := item*c.dst.Stride(0) + y*c.dst.Stride(1) + x*c.dst.Stride(2)
			dst := c.to[at+a.first : at+a.last]
			values := c.epilogue.numbers(dst, sums[:n], a.panel.ofZeros, c.scale(item), a.first)
			c.epilogue.finish(dst, values, (item*c.dst.Dim(1)+y)*c.dst.Dim(2)+x, a.first)
			sums = sums[a.ldc:]
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
