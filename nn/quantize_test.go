package nn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestQuantize checks that codes use the whole range and are off by half a step at most.
func TestQuantize(t *testing.T) {
	for _, dt := range []tensor.DType{tensor.F32, tensor.F16, tensor.BF16} {
		for _, shape := range [][2]int{{1, 1}, {3, 7}, {17, 101}, {64, 3}} {
			w := counting(shape[0], shape[1])
			values := tensor.Float32s(w)
			for i := range values {
				values[i] = float32(rand.NormFloat64())
			}
			clear(values[:shape[1]]) // a row of zeros
			if dt != tensor.F32 {
				w = half(dt, w)
			}
			checkQuantized(t, w)
		}
	}
}

func checkQuantized(t *testing.T, w tensor.Tensor) {
	t.Helper()
	rows, cols := w.Dim(0), w.Dim(1)
	q := tensor.Make(tensor.HostMemory(make([]byte, rows*cols)), 0, tensor.I8, rows, cols)
	scale := tensor.FromFloat32s(make([]float32, rows), rows)
	Quantize(q, scale, w)
	row := make([]float32, cols)
	for r := range rows {
		widen(row, w.Slice(0, r, r+1))
		step, largest := float64(tensor.Float32s(scale)[r]), 0
		for c, v := range row {
			code := int(int8(tensor.Bytes(q)[r*cols+c]))
			largest = max(largest, code, -code)
			if off := math.Abs(float64(code)*step - float64(v)); off > step*(0.5+1e-4) {
				t.Errorf("%v: %v became %d·%v", w, v, code, step)
			}
		}
		if want := 127; step > 0 && largest != want || step == 0 && largest != 0 {
			t.Errorf("%v: row %d: scale %v, largest code %d", w, r, step, largest)
		}
	}
}

// TestPrivate checks that no memory is taken beyond what tensors need and the unit it comes in.
func TestPrivate(t *testing.T) {
	tensors := map[string]tensor.Tensor{}
	for i := range 8 {
		tensors[fmt.Sprintf("%d.weight", i)] = counting(1056, 1024)
	}
	p, _ := newParams(t, tensors)
	p.MakeInt8()
	need := int64(0)
	for i := range 8 {
		l := p.AllowInt8().LinearNoBias(fmt.Sprint(i), 1024, 1056)
		need += int64(l.W.Matrix.Extent() + l.W.Scale.Extent())
	}
	if got := p.Private(); p.Err() != nil || got < need || got > need+chunkBytes {
		t.Errorf("%d bytes taken, %d needed, %v", got, need, p.Err())
	}
	p, _ = newParams(t, tensors)
	p.MakeInt8()
	p.Limit(need / 2)
	taken := int64(0)
	for i := range 8 {
		if l := p.AllowInt8().LinearNoBias(fmt.Sprint(i), 1024, 1056); l.W.Matrix.Mem != nil {
			taken += int64(l.W.Matrix.Mem.Size)
		}
	}
	var memory *backend.MemoryError
	if !errors.As(p.Err(), &memory) || memory.Need < need || memory.Need > need+chunkBytes || taken == 0 || taken > need/2 {
		t.Errorf("limit %d of %d: %d bytes taken, %v", need/2, need, taken, p.Err())
	}
}

// TestStrided checks that rows with gaps are used where they are if they are a matrix, and copied otherwise.
func TestStrided(t *testing.T) {
	wide := counting(2, 3, 2, 4).Slice(0, 0, 2).Slice(3, 0, 2) // every row lacks its second half
	p, _ := newParams(t, map[string]tensor.Tensor{
		"a.weight": counting(4, 6).Slice(1, 0, 3), "b": wide, "c.weight": counting(4, 6).Slice(1, 1, 4),
	})
	a := p.LinearNoBias("a", 3, 4)
	b := p.Tensor("b", 2, 3, 2, 2)
	p.MakeInt8()
	c := p.AllowInt8().LinearNoBias("c", 3, 4)
	if p.Err() != nil || a.W.Matrix.Compact() || a.W.Matrix.Stride(0) != 6 || !b.Compact() || tensor.Float32s(b)[2] != 4 {
		t.Errorf("%v strided %d, %v, %v", a.W, a.W.Matrix.Stride(0), b, p.Err())
	}
	if got := int8(tensor.Bytes(c.W.Matrix)[0]); got != 42 || tensor.Float32s(c.W.Scale)[1] != 9.0/127 { // 1/3 and 9 of row 7, 8, 9
		t.Errorf("int8: %d, scale %v", got, tensor.Float32s(c.W.Scale))
	}
}

// TestNeverRun checks that such layers are checked, need not be there and take nothing.
func TestNeverRun(t *testing.T) {
	p, _ := newParams(t, map[string]tensor.Tensor{"a.weight": half(tensor.BF16, counting(2, 3)), "a.bias": half(tensor.BF16, counting(2))})
	p.NeverRun().Linear("a", 3, 2)
	p.NeverRun().Linear("b", 3, 2)
	if p.Err() != nil || p.Private() != 0 || len(p.Blocks()[0].Tensors) != 0 {
		t.Errorf("%v, %d bytes, %d kept", p.Err(), p.Private(), len(p.Blocks()[0].Tensors))
	}
	p.NeverRun().Linear("a", 4, 2)
	if e, ok := p.Err().(*KeyError); !ok || len(e.Mismatched) != 1 {
		t.Errorf("another shape: %v", p.Err())
	}
}

// TestInt8 checks which weights become int8, and that those stored so need scales.
func TestInt8(t *testing.T) {
	p, source := newParams(t, map[string]tensor.Tensor{"a.weight": counting(2, 3), "b.weight": counting(2, 3)})
	p.MakeInt8()
	a, b := p.AllowInt8().LinearNoBias("a", 3, 2), p.LinearNoBias("b", 3, 2)
	if a.W.Matrix.DType() != tensor.I8 || a.W.Scale.Len() != 2 || b.W.Matrix.DType() != tensor.F32 || !b.W.Scale.IsZero() {
		t.Errorf("%v, scale %v; %v, scale %v", a.W, a.W.Scale, b.W, b.W.Scale)
	}
	if len(source.evicted) != 1 || p.Err() != nil {
		t.Errorf("%d given back, %v", len(source.evicted), p.Err())
	}
	if rows := a.Rows(1, 2); rows.W.Scale.Len() != 1 || tensor.Float32s(rows.W.Scale)[0] != 5.0/127 {
		t.Errorf("scale of the second row: %v", rows.W.Scale)
	}
	stored := tensor.Make(tensor.HostMemory(make([]byte, 6)), 0, tensor.I8, 2, 3)
	p, _ = newParams(t, map[string]tensor.Tensor{"a.weight": stored})
	p.AllowInt8().LinearNoBias("a", 3, 2)
	if e, ok := p.Err().(*KeyError); !ok || len(e.Missing) != 1 || len(e.Mismatched) != 0 {
		t.Errorf("int8 without scales: %v", p.Err())
	}
	p, _ = newParams(t, map[string]tensor.Tensor{"a.weight": stored})
	p.LinearNoBias("a", 3, 2)
	if e, ok := p.Err().(*KeyError); !ok || len(e.Mismatched) != 1 {
		t.Errorf("int8 where it may not be: %v", p.Err())
	}
}

// TestBlocks checks that a block holds what is used as it is stored.
func TestBlocks(t *testing.T) {
	p, _ := newParams(t, map[string]tensor.Tensor{
		"table": counting(4, 2), "x.0.weight": counting(2, 3), "x.0.bias": half(tensor.BF16, counting(2)), "x.1.weight": half(tensor.F16, counting(2, 3)),
	})
	p.Tensor("table", 4, 2)
	first, one := p.At("x").Block()
	first.Linear("0", 3, 2)
	second, two := p.At("x").Block()
	second.LinearNoBias("1", 3, 2)
	stored := [][]int{{32}, {24}, {12}} // bytes of each tensor
	own := [][]int{nil, {8}, nil}
	for i, b := range p.Blocks() {
		if !slices.Equal(extents(b.Tensors), stored[i]) || !slices.Equal(extents(b.Own), own[i]) || !slices.Equal(b.All(), append(b.Tensors, b.Own...)) {
			t.Errorf("block %d has tensors of %v bytes, and of its own of %v", i, extents(b.Tensors), extents(b.Own))
		}
	}
	if one != 1 || two != 2 {
		t.Errorf("blocks %d and %d", one, two)
	}
}

func extents(tensors []Tensor) (bytes []int) {
	for _, t := range tensors {
		bytes = append(bytes, t.Extent())
	}
	return bytes
}

// floatsOnly is a device without int8 weights.
type floatsOnly struct{ backend.Backend }

func (floatsOnly) Supports(t backend.Types) error {
	if w := t.Weight.Matrix; w.DType() == tensor.I8 {
		return errors.New("no int8 here")
	}
	return nil
}

// TestSupports makes int8 weights for a device that lacks them: an error that names the tensor, not a panic when it runs.
func TestSupports(t *testing.T) {
	src := keys{"fc.weight": counting(3, 4)}
	for _, int8 := range []bool{false, true} {
		p := NewParams(context.Background(), src, floatsOnly{backendtest.Reference()})
		if int8 {
			p.MakeInt8()
		}
		p.AllowInt8().LinearNoBias("fc", 4, 3)
		if err := p.Err(); (err != nil) != int8 || int8 && (!strings.Contains(err.Error(), `"fc.weight"`) || !strings.Contains(err.Error(), "no int8")) {
			t.Errorf("int8 %v: got %v", int8, err)
		}
	}
}
