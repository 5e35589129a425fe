package backendtest

import "github.com/faceclip-go/faceclip-go/backend"

// A door is the kernels of a device as programs reach them: through a Stream, which checks operands.
type door struct{ *backend.Stream }

func (d door) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) { d.Stream.Gemm(dst, x, w, a) }
func (d door) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	d.Stream.Conv2D(dst, x, w, a)
}
func (d door) Attention(dst, q, k, v Tensor, a backend.AttentionArgs) {
	d.Stream.Attention(dst, q, k, v, a)
}
func (d door) DeformAttention(dst, v, offsets, logits Tensor, a backend.DeformArgs) {
	d.Stream.DeformAttention(dst, v, offsets, logits, a)
}
func (d door) LayerNorm(dst, x Tensor, a backend.NormArgs) { d.Stream.LayerNorm(dst, x, a) }
func (d door) RMSNorm(dst, x Tensor, a backend.NormArgs)   { d.Stream.RMSNorm(dst, x, a) }
func (d door) GroupNorm(dst, x Tensor, a backend.NormArgs) { d.Stream.GroupNorm(dst, x, a) }
func (d door) Act(dst, x Tensor, f backend.Act)            { d.Stream.Act(dst, x, f) }
func (d door) Glu(dst, a, b Tensor, f backend.Act)         { d.Stream.Glu(dst, a, b, f) }
func (d door) Add(dst, a, b Tensor)                        { d.Stream.Add(dst, a, b) }
func (d door) Lincomb(dst Tensor, alpha float32, a Tensor, beta float32, b Tensor) {
	d.Stream.Lincomb(dst, alpha, a, beta, b)
}
func (d door) Gather(dst, table, ids Tensor) { d.Stream.Gather(dst, table, ids) }
func (d door) Copy(dst, src Tensor)          { d.Stream.Copy(dst, src) }
