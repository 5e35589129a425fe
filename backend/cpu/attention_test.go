package cpu

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
)

// attentionCase is a call with operands of random values.
type attentionCase struct {
	batch, lq, lk, heads, d, dv int
	bias, causal                bool
}

func (c attentionCase) name() string {
	return fmt.Sprintf("b%d q%d k%d h%d d%d v%d bias=%t causal=%t", c.batch, c.lq, c.lk, c.heads, c.d, c.dv, c.bias, c.causal)
}

func (c attentionCase) operands() (q, k, v backend.Tensor, a backend.AttentionArgs) {
	r := random(c.name())
	q = normal(r, 3, c.batch, c.lq, c.heads*c.d).Heads(c.heads)
	k = normal(r, 5, c.batch, c.lk, c.heads*c.d).Heads(c.heads)
	v = normal(r, 0, c.batch, c.lk, c.heads*c.dv).Heads(c.heads)
	a = backend.AttentionArgs{Scale: float32(2 / math.Sqrt(float64(c.d))), Causal: c.causal}
	if c.bias {
		a.Bias = normal(r, 1, c.heads, c.lq, c.lk)
	}
	return q, k, v, a
}

// attend is attention in float64.
func attend(q, k, v backend.Tensor, a backend.AttentionArgs) (y []float64) {
	batch, lq, lk, heads := q.Dim(0), q.Dim(1), k.Dim(1), q.Dim(2)
	for i := range batch * lq * heads {
		b, token, h := i/heads/lq, i/heads%lq, i%heads
		seen := lk
		if a.Causal {
			seen = min(lk, token+1)
		}
		p, sum := make([]float64, seen), 0.
		for j := range p {
			p[j] = math.Exp(score(rowOf(q, i), rowOf(k, (b*lk+j)*heads+h), a, h, token, j))
			sum += p[j]
		}
		out := make([]float64, v.Dim(3))
		for j := range p {
			for c, x := range rowOf(v, (b*lk+j)*heads+h) {
				out[c] += p[j] / sum * float64(x)
			}
		}
		y = append(y, out...)
	}
	return y
}

func score(q, k []float32, a backend.AttentionArgs, head, i, j int) (s float64) {
	for c := range q {
		s += float64(q[c]) * float64(k[c])
	}
	s *= float64(a.Scale)
	if !a.Bias.IsZero() {
		s += float64(rowOf(a.Bias, head*a.Bias.Dim(1)+i)[j])
	}
	return s
}

func TestAttention(t *testing.T) {
	cases := []attentionCase{
		{1, 1, 1, 1, 1, 1, false, false},
		{2, 3, 5, 2, 8, 8, true, false},
		{1, 17, 257, 3, 24, 40, false, false},
		{2, 13, 300, 1, 64, 64, true, false},
		{1, 77, 77, 2, 64, 64, false, true},
		{1, 300, 530, 1, 16, 7, true, true},
		{1, 300, 40, 1, 16, 7, false, true},
		{1, 530, 130, 1, 40, 96, false, false},
		{1, 5, 300, 1, 512, 512, false, false},
		{1, 2, 270, 1, 1024, 1024, false, false},
		{1, 70, 31, 4, 128, 160, true, false},
	}
	for _, c := range cases {
		t.Run(c.name(), func(t *testing.T) {
			q, k, v, a := c.operands()
			want := attend(q, k, v, a)
			dst := blank(2, c.batch, c.lq, c.heads*c.dv)
			onEach(t, func(b *Backend) []float32 {
				b.Attention(dst, q, k, v, a)
				return valuesOf(dst)
			}, func(t *testing.T, got []float32) {
				between(t, "dst", dst)
				near(t, "dst", got, want, 5e-6, 1)
			})
		})
	}
}

// Scores from -1e4 to 1e4 and masked keys, the whole first block among them, leave the other keys exact.
func TestAttentionRange(t *testing.T) {
	const lq, lk, d = 20, 600, 8
	r := random("range")
	q, k, v := normal(r, 0, 1, lq, 1, d), normal(r, 0, 1, lk, 1, d), normal(r, 0, 1, lk, 1, d)
	a := backend.AttentionArgs{Scale: 1000, Bias: normal(r, 0, 1, lq, lk)}
	for i := range lq {
		bias := rowOf(a.Bias, i)
		for j := range bias {
			if j < 300 || j%3 == i%3 {
				bias[j] = float32(math.Inf(-1))
			}
		}
	}
	// Leave the differences of the largest scores representable.
	for _, x := range [][]float32{valuesOf(q), valuesOf(k)} {
		for i := range x {
			x[i] = float32(math.Round(float64(x[i])*8) / 8)
		}
	}
	want := attendSafely(q, k, v, a)
	dst := blank(0, 1, lq, d)
	onEach(t, func(b *Backend) []float32 {
		b.Attention(dst, q, k, v, a)
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) { near(t, "dst", got, want, 5e-3, 1) })
}

// attendSafely is attend for scores whose exponentials overflow: only the best key counts, or those as good.
func attendSafely(q, k, v backend.Tensor, a backend.AttentionArgs) (y []float64) {
	for i := range q.Dim(1) {
		best := math.Inf(-1)
		for j := range k.Dim(1) {
			best = max(best, score(rowOf(q, i), rowOf(k, j), a, 0, i, j))
		}
		out, sum := make([]float64, v.Dim(3)), 0.
		for j := range k.Dim(1) {
			p := math.Exp(score(rowOf(q, i), rowOf(k, j), a, 0, i, j) - best)
			sum += p
			for c, x := range rowOf(v, j) {
				out[c] += p * float64(x)
			}
		}
		for _, x := range out {
			y = append(y, x/sum)
		}
	}
	return y
}

// A NaN in a query spoils its own row and nothing else.
func TestAttentionNaN(t *testing.T) {
	q, k, v, a := attentionCase{1, 30, 300, 1, 16, 16, false, false}.operands()
	rowOf(q, 7)[3] = nan
	dst := blank(0, 1, 30, 16)
	onEach(t, func(b *Backend) []float32 {
		b.Attention(dst, q, k, v, a)
		return valuesOf(dst)
	}, func(t *testing.T, got []float32) {
		for i, x := range got {
			if x == x == (i/16 == 7) {
				t.Fatalf("row %d has %g", i/16, x)
			}
		}
	})
}

func TestAttentionStops(t *testing.T) {
	for _, k := range simd.Variants() {
		b := opened(t, 2, k)
		q, key, v, a := attentionCase{1, 4000, 4000, 1, 512, 512, false, false}.operands()
		var stop atomic.Bool
		b.StopOn(&stop)
		var stopped time.Time
		time.AfterFunc(10*time.Millisecond, func() { stopped = time.Now(); stop.Store(true) })
		b.Attention(blank(0, 1, 4000, 512), q, key, v, a)
		d := time.Since(stopped)
		t.Logf("%s: returned after %v", k.Name, d)
		if d > 100*time.Millisecond { // on a busy machine
			t.Errorf("%s: returned only after %v", k.Name, d)
		}
	}
}
