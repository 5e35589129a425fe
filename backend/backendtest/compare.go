package backendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	unit = 0x1p-24 // relative error of one rounding in float32

	// typical limits the root mean square of errors, relative to their bounds. Bounds are for the worst of many elements;
	// arithmetic that is off by as much everywhere loses bits.
	typical = 1.0 / 3
)

// halfUnit is the relative error of rounding to a type of activations, beside that of computing in float32.
var halfUnit = map[tensor.DType]float64{tensor.F32: 0, tensor.BF16: 0x1p-8, tensor.F16: 0x1p-11}

// compare returns an error if dst, of which got are the values, is not what the specification says.
func (c *test) compare(got Tensor, values []Tensor, r *rand.Rand) error {
	s := spec{act: c.operands[0].dtype, compute: c.compute}
	c.call(&s, values)
	elements := every(got)
	if c.sampled {
		elements = sample(got.Shape(), r)
	}
	var d deviation
	for _, i := range elements {
		y, err := s.at(i)
		dt := c.operands[0].dtype
		bound := err * unit
		if err > 0 { // then rounding to dt may go the other way
			bound += math.Abs(y) * halfUnit[dt]
		}
		d.add(i, tensor.Float32s(got)[i], round(float32(y), dt), y, bound)
	}
	if rms := d.rms(); d.wrong > 0 || rms > typical && d.n >= 64 && !c.correlated {
		return fmt.Errorf("%d of %d elements wrong, errors of %.2g bounds on average; worst: dst%v is %s",
			d.wrong, d.n, rms, indexOf(d.worst, got.Shape()), d.report)
	}
	return nil
}

// A deviation sums up how results differ from the specification. Errors are relative to their bounds.
type deviation struct {
	n, wrong        int
	square, largest float64 // Σ of squared errors; the largest error
	worst           int     // the element which has it
	report          string  // on that element
}

// add takes in element i. rounded is y, what it should be, in the element type of dst; bound limits the error.
func (d *deviation) add(i int, got, rounded float32, y, bound float64) {
	d.n++
	if got == rounded || got != got && y != y {
		return
	}
	err := math.Abs(float64(got)-y) / bound // +Inf if the result is to be exact
	if !(err <= 1) {
		d.wrong++
	}
	if err != err {
		err = math.Inf(1)
	}
	d.square += err * err
	if err > d.largest {
		d.largest, d.worst = err, i
		d.report = fmt.Sprintf("%g, want %g ± %.2g", got, y, bound)
	}
}

func (d *deviation) rms() float64 { return math.Sqrt(d.square / float64(d.n)) }

// indexOf returns the index of element i in row-major order.
func indexOf(i int, shape []int) []int {
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis], i = i%shape[axis], i/shape[axis]
	}
	return index
}

func every(t Tensor) []int {
	all := make([]int, t.Len())
	for i := range all {
		all[i] = i
	}
	return all
}

// sample chooses elements of an array: 2000 in 100 rows, and at both ends of every axis; its corners among them.
// They are in order, because neighbours share work.
func sample(shape []int, r *rand.Rand) []int {
	const rows, perRow, perEnd = 100, 20, 32
	var chosen []int
	add := func(coordinate func(axis, n int) int) {
		i := 0
		for axis, n := range shape {
			i = i*n + coordinate(axis, n)
		}
		chosen = append(chosen, i)
	}
	random := func(_, n int) int { return r.IntN(n) }
	for range rows {
		add(random)
		columns := shape[len(shape)-1]
		first := chosen[len(chosen)-1] / columns * columns
		for range perRow - 1 {
			chosen = append(chosen, first+r.IntN(columns))
		}
	}
	for pinned := range shape {
		for k := range 2 * perEnd {
			add(func(axis, n int) int {
				if axis == pinned {
					return k % 2 * (n - 1)
				}
				return random(axis, n)
			})
		}
	}
	for corner := range 1 << len(shape) {
		add(func(axis, n int) int { return corner >> axis & 1 * (n - 1) })
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}
