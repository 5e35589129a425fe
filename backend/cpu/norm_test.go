package cpu

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// normalised is LayerNorm in float64 of one row; RMSNorm, if centre is false.
func normalised(x, gamma, beta []float32, a backend.NormArgs, centre bool) (y []float64) {
	var mean, variance float64
	n := float64(len(x))
	for _, v := range x {
		mean += float64(v) / n
	}
	if !centre {
		mean = 0
	}
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d / n
	}
	for i, v := range x {
		u := (float64(v) - mean) / math.Sqrt(variance+float64(a.Eps))
		if gamma != nil && a.PlusOne {
			u *= 1 + float64(gamma[i])
		} else if gamma != nil {
			u *= float64(gamma[i])
		}
		if beta != nil {
			u += float64(beta[i])
		}
		y = append(y, u)
	}
	return y
}

func TestRowNorms(t *testing.T) {
	for _, c := range []int{1, 8, 31, 64, 257, 1280, 5000} {
		for mode := range 6 {
			name := fmt.Sprintf("%d/%d", c, mode)
			t.Run(name, func(t *testing.T) {
				r := random(name)
				x := normal(r, 1, 2, 19, c)
				a := backend.NormArgs{Eps: 1e-5}
				if mode > 0 {
					a.Gamma = normal(r, 0, c)
				}
				if mode > 1 {
					a.Beta = normal(r, 0, c)
				}
				if mode > 2 {
					a.Gamma, a.Beta = normal(r, 2, 2, c), normal(r, 4, 2, c)
				}
				if mode == 4 {
					a.Beta = backend.Tensor{}
				}
				a.PlusOne = mode > 3
				testRowNorm(t, x, a, true)
				if !a.PlusOne {
					a.Beta = backend.Tensor{}
					testRowNorm(t, x, a, false)
				}
			})
		}
	}
}

func testRowNorm(t *testing.T, x backend.Tensor, a backend.NormArgs, centre bool) {
	var want []float64
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	for i := range x.Rows() {
		batch := i / (x.Rows() / x.Dim(0))
		want = append(want, normalised(rowOf(x, i), gamma.of(batch), beta.of(batch), a, centre)...)
	}
	onEach(t, func(b *Backend) []float32 {
		norm := b.RMSNorm
		if centre {
			norm = b.LayerNorm
		}
		dst := blank(3, x.Shape()...)
		norm(dst, x, a)
		between(t, "dst", dst)
		inPlace := clone(x)
		norm(inPlace, inPlace, a)
		if i := firstDifference(valuesOf(inPlace), valuesOf(dst)); i >= 0 {
			t.Fatalf("element %d differs in place", i)
		}
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 1e-6, 1) })
}

// A mean of many deviations costs only the digits that it must.
func TestLayerNormFarFromZero(t *testing.T) {
	x := normal(random("far"), 0, 4, 1000)
	for i, row := 0, valuesOf(x); i < len(row); i++ {
		elements[float32](x)[i] = 1000 + row[i]
	}
	a := backend.NormArgs{Eps: 1e-6}
	var want []float64
	for i := range x.Rows() {
		want = append(want, normalised(rowOf(x, i), nil, nil, a, true)...)
	}
	onEach(t, func(b *Backend) []float32 {
		dst := blank(0, 4, 1000)
		b.LayerNorm(dst, x, a)
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 2e-4, 1) })
}

// groupNormalised is GroupNorm in float64.
func groupNormalised(x backend.Tensor, a backend.NormArgs) []float64 {
	batch, c := x.Dim(0), x.Dim(-1)
	positions, size := x.Rows()/batch, c/a.Groups
	gamma, beta := vectorOf(a.Gamma), vectorOf(a.Beta)
	y := make([]float64, x.Len())
	for i := range batch * a.Groups {
		item, first := i/a.Groups, i%a.Groups*size
		var group, gammas, betas []float32
		for p := range positions {
			group = append(group, rowOf(x, item*positions+p)[first:first+size]...)
			gammas = append(gammas, gamma.of(item)[first:first+size]...)
			betas = append(betas, beta.of(item)[first:first+size]...)
		}
		for j, v := range normalised(group, gammas, betas, a, true) {
			y[(item*positions+j/size)*c+first+j%size] = activation(a.Act, v)
		}
	}
	return y
}

func TestGroupNorm(t *testing.T) {
	shapes := [][]int{{1, 1, 1, 32}, {2, 3, 5, 32}, {1, 61, 43, 96}, {2, 9, 640}, {1, 300, 70, 16}}
	for i, shape := range shapes {
		for _, mean := range []float32{0, 30} {
			t.Run(fmt.Sprintf("%v mean %g", shape, mean), func(t *testing.T) {
				r := random(fmt.Sprint(shape))
				c := shape[len(shape)-1]
				x := normal(r, i, shape...)
				for i := range x.Rows() {
					for j := range rowOf(x, i) {
						rowOf(x, i)[j] += mean
					}
				}
				a := backend.NormArgs{Eps: 1e-5, Groups: 4, Gamma: normal(r, 0, c), Beta: normal(r, 0, shape[0], c)}
				if i%2 == 1 {
					a.Act = backend.SiLU
				}
				want := groupNormalised(x, a)
				onEach(t, func(b *Backend) []float32 {
					dst := blank(3, shape...)
					b.GroupNorm(dst, x, a)
					between(t, "dst", dst)
					return valuesOf(dst)
				}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 1e-6+1e-6*float64(mean), 1) })
			})
		}
	}
}

// The mean of equal values is exact enough that a small eps does not blow up what it errs by.
func TestGroupNormOfConstant(t *testing.T) {
	x := blank(0, 1, 1200, 8)
	v := elements[float32](x)
	for i := range v {
		v[i] = 0.1
	}
	onEach(t, func(b *Backend) []float32 {
		dst := blank(0, 1, 1200, 8)
		b.GroupNorm(dst, x, backend.NormArgs{Groups: 4, Eps: 1e-6})
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, make([]float64, len(v)), 1e-4, 1) })
}

// Statistics of a large map with a large mean stay right to a few digits less than float32 has.
func TestGroupMoments(t *testing.T) {
	x := normal(random("map"), 0, 1, 100000, 8)
	v := elements[float32](x)
	for i := range v {
		v[i] = v[i]*0.5 + 100
	}
	onEach(t, func(b *Backend) []float32 {
		n := b.groupMoments(x, backend.NormArgs{Groups: 2})
		return slices.Concat(n.mean, n.scale, n.shift)
	}, func(t *testing.T, got []float32) {
		for g := range 2 {
			var m moments
			for i, x := range v {
				if i%8/4 == g {
					m.add(moments{n: 1, mean: float64(x)})
				}
			}
			inv := 1 / math.Sqrt(m.squares/m.n)
			for c := 4 * g; c < 4*g+4; c++ {
				near(t, "scale", got[8+c:9+c], []float64{inv}, 1e-6, 0)
				near(t, "mean", got[c:c+1], []float64{m.mean}, 1e-7, 0)
				// Together with the shift the mean is as exact as float64 sums make it.
				exact := float64(got[c]) - float64(got[16+c])/inv
				near(t, "mean less shift", []float32{float32(exact - m.mean)}, []float64{0}, 1e-6, 1)
			}
		}
	})
}
