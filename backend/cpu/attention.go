package cpu

import (
	"math"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cpu/internal/simd"
	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	attentionRows = 512 // query rows of a task, at most
	attentionKeys = 256 // keys of a block
)

// Attention computes dst = softmax(q·kᵀ·scale + bias)·v for each head, as in FlashAttention: a task holds some rows of
// queries and goes through the keys in blocks. For each row it keeps the greatest score so far, the sum of the
// exponentials relative to it and their sum weighted by v; when a greater score is met, both sums shrink.
//
// The blocks of keys do not depend on the workers, and a row does not depend on the others of its task.
func (b *Backend) Attention(dst, q, k, v backend.Tensor, args backend.AttentionArgs) {
	heads := q.Dim(2)
	a := &b.attention
	defer forget(a)
	*a = attention{
		b: b, p: b.floating(args.Compute), args: args, dst: dst.Heads(heads), q: q, k: k, v: v, bias: elements[float32](args.Bias),
		lq: q.Dim(1), lk: k.Dim(1), d: q.Dim(3), dv: v.Dim(3),
	}
	nr := a.p.NR
	a.keys = min(attentionKeys, a.lk)
	a.ldq, a.lds, a.ldo = a.d+rowPad, roundUp(a.keys, nr)+rowPad, roundUp(a.dv, nr)
	a.plan(b.pool.workers, q.Dim(0)*heads)
	a.blocks = (a.lq + a.rows - 1) / max(1, a.rows)
	b.pool.For(q.Dim(0)*heads*a.blocks, a)
}

// do computes some rows of a head.
func (a *attention) do(worker, i int) {
	head, heads := i/a.blocks, a.q.Dim(2)
	t := a.task(a.b.space(worker), head/heads, head%heads, i%a.blocks*a.rows)
	t.run()
}

// attention is one call under way.
type attention struct {
	b             *Backend
	p             *simd.Product
	args          backend.AttentionArgs
	dst, q, k, v  backend.Tensor
	bias          []float32
	lq, lk, d, dv int
	rows, keys    int // of a task and of a block
	blocks        int // tasks of a head
	ldq, lds, ldo int // row lengths of the matrices of a task
}

// plan chooses the rows of a task: as many as the workspace holds, but few enough to give every worker some tasks.
func (a *attention) plan(workers, heads int) {
	mr, nr := a.p.MR, a.p.NR
	most := (workspaceWords - nr*max(a.d, a.keys)) / (a.ldq + a.lds + a.ldo + 2)
	most = min(most, attentionRows) / mr * mr
	blocks := (a.lq + most - 1) / most
	blocks = max(blocks, min(2*workers/max(1, heads), a.lq/(4*mr)), 1)
	a.rows = roundUp((a.lq+blocks-1)/blocks, mr)
}

// An attentionTask is some rows of queries of one head.
type attentionTask struct {
	*attention
	head     int
	first, n int       // rows of q
	dst, q   vectors   // of this head and these rows
	key, v   vectors   // of this head
	queries  []float32 // [n, ldq], times the scale of the scores; packed
	scores   []float32 // [n, lds], of a block of keys; when they are weights, packed
	sums     []float32 // [n, ldo], the weighted sums of v
	panel    []float32 // [d or keys][NR], of keys or of v
	greatest []float32 // [n], of the scores so far
	total    []float32 // [n], of the weights so far
}

func (a *attention) task(ws space, batch, head, first int) attentionTask {
	t := attentionTask{attention: a, head: head, first: first, n: min(a.rows, a.lq-first)}
	t.dst, t.q = vectorsOf(a.dst, batch, first, head), vectorsOf(a.q, batch, first, head)
	t.key, t.v = vectorsOf(a.k, batch, 0, head), vectorsOf(a.v, batch, 0, head)
	t.queries, t.scores, t.sums = ws.take(t.n*a.ldq), ws.take(t.n*a.lds), ws.take(t.n*a.ldo)
	t.greatest, t.total = ws.take(t.n), ws.take(t.n)
	t.panel = ws.take(a.p.NR * max(a.d, a.keys))
	return t
}

// vectors are those of one head of successive tokens.
type vectors struct {
	data      []float32
	stride, n int
}

// vectorsOf reads those of x [B, L, H, D] from a token on.
func vectorsOf(x backend.Tensor, batch, token, head int) vectors {
	first := batch*x.Stride(0) + token*x.Stride(1) + head*x.Stride(2)
	return vectors{elements[float32](x)[first:], x.Stride(1), x.Dim(3)}
}

func (v *vectors) at(i int) []float32 { return v.data[i*v.stride:][:v.n] }

// matrix returns those from number i on.
func (v *vectors) matrix(i int) simd.Matrix {
	return simd.Matrix{At: unsafe.Pointer(&v.data[i*v.stride]), Type: tensor.F32, Ld: 4 * v.stride}
}

func (t *attentionTask) run() {
	for r := range t.n {
		row := t.queries[r*t.ldq:][:t.d]
		copy(row, t.q.at(r))
		t.b.k.Scale(row, t.args.Scale)
		t.p.PackRow(row[:t.p.Words(t.d)], row, 1)
		t.greatest[r], t.total[r] = float32(math.Inf(-1)), 0
	}
	end := t.lk
	if t.args.Causal {
		end = min(end, t.first+t.n)
	}
	for key := 0; key < end; key += t.keys {
		if t.b.pool.stopped() {
			return
		}
		n := min(t.keys, t.lk-key)
		t.score(key, n)
		t.weigh(key, n)
		t.sum(key, n)
	}
	for r := range t.n {
		row := t.sums[r*t.ldo:][:t.dv]
		t.b.k.Scale(row, 1/t.total[r])
		copy(t.dst.at(r), row)
	}
}

// score computes the scores of n keys.
func (t *attentionTask) score(key, n int) {
	nr, words := t.p.NR, t.p.Words(t.d)
	for j := 0; j < n; j += nr {
		t.p.PackColumns(t.panel[:words*nr], t.key.matrix(key+j), min(nr, n-j), t.d)
		t.multiply(t.scores[j:], t.lds, t.queries, t.ldq, words, false)
	}
}

// sum adds n rows of v, times their weights, to the sums.
func (t *attentionTask) sum(key, n int) {
	nr, words := t.p.NR, t.p.Words(n)
	for j := 0; j < t.dv; j += nr {
		t.p.PackRows(t.panel[:words*nr], t.v.data[key*t.v.stride+j:], t.v.stride, n, min(nr, t.dv-j))
		t.multiply(t.sums[j:], t.ldo, t.scores, t.lds, words, key > 0)
	}
}

// multiply computes NR columns of c from all rows of a and the panel.
func (t *attentionTask) multiply(c []float32, ldc int, a []float32, lda, words int, add bool) {
	if t.b.pool.stopped() {
		return
	}
	mr := t.p.MR
	for r := 0; r < t.n; r += mr {
		t.p.Tile(simd.Rows{At: &c[r*ldc], Ld: ldc}, simd.Rows{At: &a[r*lda], Ld: lda}, &t.panel[0], min(mr, t.n-r), words, add)
	}
}

// weigh turns the scores of n keys into weights.
func (t *attentionTask) weigh(key, n int) {
	for r := range t.n {
		row, seen := t.scores[r*t.lds:][:n], n
		if t.args.Causal {
			seen = min(n, max(0, t.first+r+1-key))
			clear(row[seen:])
		}
		if seen > 0 {
			t.weighRow(r, key, row[:seen])
		}
		t.p.PackRow(row[:t.p.Words(n)], row, 1)
	}
}

func (t *attentionTask) weighRow(r, key int, row []float32) {
	if t.bias != nil {
		bias := t.args.Bias
		off := t.head*bias.Stride(0) + (t.first+r)*bias.Stride(1) + key
		t.b.k.Add(row, row, t.bias[off:off+len(row)])
	}
	before := t.greatest[r]
	now := max(before, t.b.k.Max(row))
	t.greatest[r] = now
	if math.IsInf(float64(now), -1) {
		now = 0 // every key so far is masked, and exp(-Inf - 0) is the weight 0
	}
	sum := t.b.k.ExpSum(row, 1, now)
	if before != now && key > 0 {
		shrink := float32(math.Exp(float64(before - now)))
		t.total[r] *= shrink
		t.b.k.Scale(t.sums[r*t.ldo:][:t.dv], shrink)
	}
	t.total[r] += sum
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }
