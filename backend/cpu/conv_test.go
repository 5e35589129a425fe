package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// convCase is a convolution of [batch, h, w, in] to out channels.
type convCase struct {
	batch, h, w, in, out int
	kh, kw, stride       int
	imagePad             [4]int
	upsample             [2]int
	dt                   tensor.DType
	bias, groups         int
	act                  backend.Act
	add                  bool
	pad                  int // elements between pixels
}

func (c convCase) name() string {
	return fmt.Sprintf("%dx%dx%dx%d-%d k%dx%d s%d p%v up%v %v bias%d g%d %v add=%t pad%d",
		c.batch, c.h, c.w, c.in, c.out, c.kh, c.kw, c.stride, c.imagePad, c.upsample, c.dt, c.bias, c.groups, c.act, c.add, c.pad)
}

// image is x as a convolution reads it: normalised, activated, doubled and cut.
type image struct {
	rows, cols, channels, halve int
	width                       int // of a row of pixels
	pixels                      []float64
}

func imageOf(x backend.Tensor, a backend.ConvArgs) image {
	m := image{rows: x.Dim(1), cols: x.Dim(2), channels: x.Dim(3), width: x.Dim(2)}
	if a.Upsample != [2]int{} {
		m.rows, m.cols, m.halve = a.Upsample[0], a.Upsample[1], 1
	}
	for _, v := range valuesOf(x) {
		m.pixels = append(m.pixels, float64(v))
	}
	if a.Norm.Groups > 0 {
		normalise(m.pixels, x, a.Norm)
	}
	return m
}

// normalise is a GroupNorm in float64.
func normalise(pixels []float64, x backend.Tensor, a backend.NormArgs) {
	c, batch := x.Dim(-1), x.Dim(0)
	size, items := c/a.Groups, len(pixels)/batch
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	for g := range batch * a.Groups {
		item := pixels[g/a.Groups*items:][:items]
		first := g % a.Groups * size
		each := func(f func(i, channel int)) {
			for p := 0; p < items; p += c {
				for channel := first; channel < first+size; channel++ {
					f(p+channel, channel)
				}
			}
		}
		n, sum, squares := 0., 0., 0.
		each(func(i, _ int) { n++; sum += item[i] })
		each(func(i, _ int) { d := item[i] - sum/n; squares += d * d })
		inv := 1 / math.Sqrt(squares/n+float64(a.Eps))
		each(func(i, channel int) {
			scale, shift := float64(gamma.of(g / a.Groups)[channel]), float64(beta.of(g / a.Groups)[channel])
			item[i] = activate(a.Act, (item[i]-sum/n)*inv*scale+shift)
		})
	}
}

// at returns the channels of one pixel; nil beyond the edge.
func (m image) at(batch, y, x int) []float64 {
	if y < 0 || y >= m.rows || x < 0 || x >= m.cols {
		return nil
	}
	return m.pixels[((batch*m.height()+y>>m.halve)*m.width+x>>m.halve)*m.channels:][:m.channels]
}

func (m image) height() int { return (m.rows + m.halve) >> m.halve }

// convolution is a Conv2D in float64, onto dst.
func convolution(dst, x backend.Tensor, w []float32, kh, kw int, a backend.ConvArgs) (y []float64) {
	m, bias, in := imageOf(x, a), vectorOf(a.Bias), x.Dim(3)
	for p := range dst.Rows() {
		batch, row, col := p/dst.Dim(2)/dst.Dim(1), p/dst.Dim(2)%dst.Dim(1), p%dst.Dim(2)
		for o := range dst.Dim(3) {
			sum := 0.
			if v := bias.of(batch); v != nil {
				sum = float64(v[o])
			}
			if a.Add {
				sum += float64(rowOf(dst, p)[o])
			}
			for tap := range kh * kw {
				pixel := m.at(batch, row*a.Stride+tap/kw-a.Pad[0], col*a.Stride+tap%kw-a.Pad[1])
				for i, v := range pixel {
					sum += v * float64(w[(o*kh*kw+tap)*in+i])
				}
			}
			y = append(y, sum)
		}
	}
	return y
}

func TestConv2D(t *testing.T) {
	const f32, f16, bf16 = tensor.F32, tensor.F16, tensor.BF16
	around := [4]int{1, 1, 1, 1}
	cases := []convCase{
		{1, 1, 1, 1, 1, 1, 1, 1, [4]int{}, [2]int{}, f32, 0, 0, 0, false, 0},
		{1, 1, 1, 3, 2, 3, 3, 1, around, [2]int{}, f32, 1, 0, 0, false, 0},
		{2, 5, 7, 4, 33, 3, 3, 1, around, [2]int{}, bf16, 2, 0, 0, false, 1},
		{1, 9, 6, 16, 3, 3, 3, 2, around, [2]int{}, f16, 1, 0, 0, false, 3},
		{1, 8, 9, 5, 4, 3, 3, 2, [4]int{0, 0, 1, 1}, [2]int{}, f32, 0, 0, 0, false, 0},
		{2, 4, 5, 8, 9, 3, 3, 1, around, [2]int{7, 9}, bf16, 1, 0, 0, true, 2},
		{1, 4, 5, 8, 9, 3, 3, 1, around, [2]int{8, 10}, f32, 1, 2, backend.SiLU, false, 0},
		{2, 6, 5, 24, 17, 3, 3, 1, around, [2]int{}, bf16, 2, 4, backend.SiLU, true, 1},
		{2, 5, 6, 12, 8, 1, 1, 1, [4]int{}, [2]int{}, f16, 0, 3, backend.None, false, 0},
		{1, 6, 7, 3, 5, 2, 4, 1, [4]int{1, 0, 2, 3}, [2]int{}, f32, 1, 0, 0, false, 0},
		{1, 3, 4, 200, 40, 3, 3, 1, around, [2]int{}, bf16, 1, 8, backend.SiLU, false, 0}, // several groups of channels
		{1, 3, 200, 4, 6, 3, 3, 1, around, [2]int{}, f32, 1, 0, 0, false, 0},              // several ranges of columns
		{1, 90, 11, 2, 3, 3, 3, 2, around, [2]int{}, f16, 0, 0, 0, false, 0},              // several bands
		{1, 3, 3, 6, 300, 3, 3, 1, around, [2]int{}, bf16, 1, 0, 0, false, 0},             // several blocks of channels
	}
	for _, c := range cases {
		t.Run(c.name(), func(t *testing.T) { testConv(t, c) })
	}
}

func testConv(t *testing.T, c convCase) {
	r := random(c.name())
	x := normal(r, c.pad, c.batch, c.h, c.w, c.in)
	w, values := weights(r, c.dt, 0, c.out, c.kh, c.kw, c.in)
	a := backend.ConvArgs{Stride: c.stride, Pad: c.imagePad, Upsample: c.upsample, Add: c.add}
	a.Bias = vectorOfRank(r, c.bias, c.batch, c.out)
	if c.groups > 0 {
		a.Norm = backend.NormArgs{Groups: c.groups, Eps: 1e-5, Act: c.act, Gamma: normal(r, 0, c.in), Beta: normal(r, 0, c.in)}
	}
	rows, cols := c.h, c.w
	if c.upsample != [2]int{} {
		rows, cols = c.upsample[0], c.upsample[1]
	}
	dst := normal(r, c.pad, c.batch, (rows+c.imagePad[0]+c.imagePad[2]-c.kh)/c.stride+1,
		(cols+c.imagePad[1]+c.imagePad[3]-c.kw)/c.stride+1, c.out)
	want := convolution(dst, x, values, c.kh, c.kw, a)
	onEach(t, func(b *Backend) []float32 {
		y := clone(dst)
		b.Conv2D(y, x, w, a)
		between(t, "dst", y)
		return valuesOf(y)
	}, func(t *testing.T, got []float32) {
		nearSum(t, got, want, c.kh*c.kw*c.in)
	})
}

// TestConvAgreement compares AVX2 with AVX-512, which sum in the same order.
func TestConvAgreement(t *testing.T) {
	r := random("agreement")
	x := normal(r, 0, 1, 9, 31, 220)
	w, _ := weights(r, tensor.F16, 0, 40, 3, 3, 220)
	sameBits(t, func(b *Backend) []float32 {
		dst := blank(0, 1, 9, 31, 40)
		b.Conv2D(dst, x, w, backend.ConvArgs{Stride: 1, Pad: [4]int{1, 1, 1, 1}})
		return valuesOf(dst)
	})
}

// A convolution of the widest image, and one whose kernel hardly fits the workspace.
func TestConvSpace(t *testing.T) {
	for _, c := range []convCase{
		{1, 2, 4096, 3, 2, 3, 3, 1, [4]int{1, 1, 1, 1}, [2]int{}, tensor.F32, 0, 0, 0, false, 0},
		{1, 16, 16, 192, 1, 16, 16, 1, [4]int{1, 1, 1, 1}, [2]int{}, tensor.BF16, 0, 0, 0, false, 0},
	} {
		t.Run(c.name(), func(t *testing.T) { testConv(t, c) })
	}
}
