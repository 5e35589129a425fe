package backend

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// What kernels take at most, which is far beyond what networks have. Devices plan their workspaces for it.
const (
	MaxHead     = 1 << 13 // D and Dv of Attention
	MaxPoints   = 1 << 16 // H·Points of DeformAttention
	MaxChannels = 1 << 18 // C of GroupNorm
	MaxTerms    = 5 << 19 // K of Gemm, kh·kw·I of Conv2D
	MaxKernel   = 16      // kh and kw of Conv2D; a pad is at most as wide as the kernel
)

// An Act is an elementwise activation.
type Act uint8

// The activations of both systems.
const (
	None      Act = iota
	ReLU          // max(x, 0)
	ReLU6         // min(max(x, 0), 6)
	SiLU          // x·sigmoid(x)
	GELU          // x/2·(1 + erf(x/√2))
	GELUTanh      // x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
	QuickGELU     // x·sigmoid(1.702·x)
)

func (f Act) valid() bool { return f <= QuickGELU }

func (f Act) String() string {
	if !f.valid() {
		return fmt.Sprintf("act(%d)", uint8(f))
	}
	return [...]string{"none", "relu", "relu6", "silu", "gelu", "gelu-tanh", "quick-gelu"}[f]
}

// A Weight is what a product multiplies by: numbers as they are stored, and what they stand for. Another way of storing them
// is another field here, with rows in backendtest; a device that lacks it says so in Supports.
type Weight struct {
	Matrix Tensor // of Gemm [N, K], of Conv2D [O, kh, kw, I] and compact: F32, F16, BF16 or I8
	Scale  Tensor // F32 [N], multiplies the sums of each output; there with I8 and only there
}

// Outputs returns N or O.
func (w Weight) Outputs() int { return w.Matrix.Dim(0) }

// Rows returns what gives outputs lo to hi.
func (w Weight) Rows(lo, hi int) Weight {
	w.Matrix = w.Matrix.Slice(0, lo, hi)
	if !w.Scale.IsZero() {
		w.Scale = w.Scale.Slice(0, lo, hi)
	}
	return w
}

// Types are what a program computes with. A field that is zero asks for nothing.
type Types struct {
	Act tensor.DType // of activations
	// Compute is what products round their operands to, unless they say otherwise: F32 not at all, BF16 to nearest, I8 to integers
	// that a scale multiplies, where the weights are I8. Sums are F32 at least.
	Compute tensor.DType
	Weight  Weight // of products: which fields there are and their element types count, not their sizes
}

// Kernels are the operations of a device. They are called by a [Stream], and trust what it has checked: operands have the
// shapes and types stated here, and lie in memory that the device reaches. All but dst, x and the like may be the zero Tensor.
//
// The type of x (q, v, a) decides: it is F32 or another type of activations that the device supports, and dst and the other
// activations have it too. If it is not F32, products round their weights to it, and Attention what it multiplies v by. A "vector"
// operand is F32, [C] or [B, C] with B the first dimension of x. Sums are at least in F32. Rows may be strided in every operand but
// the matrix of Conv2D. An operand overlaps dst only where it is said.
//
// Products of F32 activations round their operands to what Compute of their options says, which is never zero here.
type Kernels interface {
	// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add,
	// for x [..., K], w [N, K], dst [..., N]. With I8 weights, scale·(x·wᵀ) takes the place of x·wᵀ. With Glu it computes
	// dst = y·act(z) of the halves y, z of x·wᵀ + bias, for dst [..., N/2]; a device that does not fuse that is not given any.
	Gemm(dst, x Tensor, w Weight, a GemmArgs)

	// Conv2D is the cross-correlation of x [B, H, W, I] with w [O, kh, kw, I] plus bias into dst [B, OH, OW, O]; with
	// Add it adds to dst. If Norm has groups, x is normalised (and activated) while it is read; padding stays 0. A device that
	// does not fuse norms is not given any.
	Conv2D(dst, x Tensor, w Weight, a ConvArgs)

	// Attention computes dst = softmax(q·kᵀ·scale + bias)·v for each head: q [B, Lq, H, D], k [B, Lk, H, D],
	// v [B, Lk, H, Dv], dst [B, Lq, H·Dv], bias F32. With Causal, query i sees keys 0…i.
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

	// Rope rotates neighbouring pairs of x [B, L, H, D] in place: with c, s = cos, sin [L, D/2] (F32) of the pair,
	// (x0, x1) becomes (x0·c - x1·s, x1·c + x0·s).
	Rope(x, cos, sin Tensor)

	// Act computes dst = f(x). dst may be x.
	Act(dst, x Tensor, f Act)

	// Glu computes dst = a·f(b). dst may be a or b.
	Glu(dst, a, b Tensor, f Act)

	// Add computes dst = a + b; b may lack leading dimensions of a, or have them be 1. dst may be a.
	Add(dst, a, b Tensor)

	// Lincomb computes dst = alpha·a + beta·b, in F32 even if one of them has another type than the others. dst may be a or b.
	Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor)

	// Gather copies rows of table [N, D], of F32, F16 or BF16, to dst [..., D], which has a type of activations, for ids [...]
	// of I32. At an id that is not in [0, N) it panics, or the next Sync does.
	Gather(dst, table, ids Tensor)

	// Copy copies src to dst of the same shape, converting among F32, F16 and BF16.
	Copy(dst, src Tensor)
}

// GemmArgs are the options of Gemm.
type GemmArgs struct {
	Bias Tensor // vector [N]
	Act  Act
	Add  bool   // accumulate into dst
	Gate Tensor // vector [N], with Add; none is 1
	Glu  bool   // the second half of the outputs, activated, multiplies the first; not with Add
	// Compute is what operands are rounded to; zero is what the Stream computes in.
	Compute tensor.DType
}

// ConvArgs are the options of Conv2D.
type ConvArgs struct {
	Bias     Tensor       // vector [O]
	Stride   int          // 1 or 2, both directions
	Pad      [4]int       // top, left, bottom, right: zeros around x
	Upsample [2]int       // read x as if doubled by nearest neighbour and cut to these rows and columns; zero: as it is
	Norm     NormArgs     // GroupNorm of x while reading, if Norm.Groups > 0
	Add      bool         // accumulate into dst
	Compute  tensor.DType // as of GemmArgs
}

// AttentionArgs are the options of Attention.
type AttentionArgs struct {
	Scale   float32
	Bias    Tensor // [H, Lq, Lk]
	Causal  bool
	Compute tensor.DType // as of GemmArgs
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
