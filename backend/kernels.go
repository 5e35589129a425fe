package backend

// An Act is an elementwise activation.
type Act uint8

// The activations of both pipelines.
const (
	None      Act = iota
	ReLU          // max(x, 0)
	ReLU6         // min(max(x, 0), 6)
	SiLU          // x·sigmoid(x)
	GELU          // x/2·(1 + erf(x/√2))
	GELUTanh      // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
	QuickGELU     // x·sigmoid(1.702·x)
)

func (f Act) String() string {
	return [...]string{"none", "relu", "relu6", "silu", "gelu", "gelu-tanh", "quick-gelu"}[f]
}

// Kernels are the operations of a device. Operands have the shapes stated; all but dst, x and the like may be the zero
// Tensor. A "vector" operand is F32, [C] or [B, C] with B the first dimension of x. Activations (x, dst, q, k, v, a, b)
// are of the Stream's element type; weights (w, table) are F32, F16 or BF16, those of Gemm also I8. Sums are at least in
// F32. Rows may be strided in every operand but w of Conv2D, which is compact. An operand overlaps dst only where it is
// said.
type Kernels interface {
	// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add,
	// for x [..., K], w [N, K], dst [..., N]. With I8 weights, scale·(x·wᵀ) takes the place of x·wᵀ.
	Gemm(dst, x, w Tensor, a GemmArgs)

	// Conv2D is the cross-correlation of x [B, H, W, I] with w [O, kh, kw, I] plus bias into dst [B, OH, OW, O]; with
	// Add it adds to dst. If Norm has groups, x is normalised (and activated) while it is read; padding stays 0.
	Conv2D(dst, x, w Tensor, a ConvArgs)

	// Attention computes dst = softmax(q·kᵀ·scale + bias)·v for each head: q [B, Lq, H, D], k [B, Lk, H, D],
	// v [B, Lk, H, Dv], dst [B, Lq, H·Dv]. With Causal, query i sees keys 0…i.
	Attention(dst, q, k, v Tensor, a AttentionArgs)

	// DeformAttention samples v [B, Rows·Cols, H, D] at Points positions for each token n = row·Cols+col and head:
	// (col + off[2p], row + off[2p+1]), bilinearly, zero outside, weighted by the softmax over the points of logits.
	// offsets [B, Rows·Cols, H·Points·2], logits [B, Rows·Cols, H·Points], dst [B, Rows·Cols, H·D].
	DeformAttention(dst, v, offsets, logits Tensor, a DeformArgs)

	// LayerNorm normalises over the last dimension: (x - mean)/√(var + eps)·γ + β, or ·(1+γ) with PlusOne.
	// The variance is the biased one. dst may be x.
	LayerNorm(dst, x Tensor, a NormArgs)

	// RMSNorm computes x/√(mean(x²) + eps)·γ over the last dimension. dst may be x.
	RMSNorm(dst, x Tensor, a NormArgs)

	// GroupNorm normalises x [B, ..., C] over Groups runs of C/Groups channels and all positions of a batch item, then
	// computes act(·γ + β). dst may be x.
	GroupNorm(dst, x Tensor, a NormArgs)

	// Rope rotates neighbouring pairs of x [B, L, H, D] in place: with c, s = cos, sin [L, D/2] of the pair,
	// (x0, x1) becomes (x0·c - x1·s, x1·c + x0·s).
	Rope(x, cos, sin Tensor)

	// Act computes dst = f(x). dst may be x.
	Act(dst, x Tensor, f Act)

	// Glu computes dst = a·f(b). dst may be a or b.
	Glu(dst, a, b Tensor, f Act)

	// Add computes dst = a + b; b may lack leading dimensions of a, or have them be 1. dst may be a.
	Add(dst, a, b Tensor)

	// Lincomb computes dst = alpha·a + beta·b. dst may be a or b.
	Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor)

	// Gather copies rows of table [N, D] to dst [..., D], for ids [...] of I32.
	Gather(dst, table, ids Tensor)

	// Copy copies src to dst of the same shape, converting among F32, F16 and BF16.
	Copy(dst, src Tensor)
}

// GemmArgs are the options of Gemm.
type GemmArgs struct {
	Scale Tensor // F32 [N], multiplies the sums; required with I8 weights, absent with all others
	Bias  Tensor // vector [N]
	Act   Act
	Add   bool   // accumulate into dst
	Gate  Tensor // vector [N], with Add; none is 1
}

// ConvArgs are the options of Conv2D.
type ConvArgs struct {
	Bias     Tensor   // vector [O]
	Stride   int      // 1 or 2, both directions
	Pad      [4]int   // top, left, bottom, right: zeros around x
	Upsample [2]int   // read x as if doubled by nearest neighbour and cut to these rows and columns; zero: as it is
	Norm     NormArgs // GroupNorm of x while reading, if Norm.Groups > 0
	Add      bool     // accumulate into dst
}

// AttentionArgs are the options of Attention.
type AttentionArgs struct {
	Scale  float32
	Bias   Tensor // [H, Lq, Lk]
	Causal bool
}

// DeformArgs are the options of DeformAttention.
type DeformArgs struct {
	Rows, Cols, Points int
}

// NormArgs are the options of the norms.
type NormArgs struct {
	Gamma, Beta Tensor // vectors [C]
	PlusOne     bool   // LayerNorm: multiply by 1+γ
	Eps         float32
	Groups      int // GroupNorm
	Act         Act // GroupNorm
}
