package cuda

import "github.com/faceclip-go/faceclip-go/backend"

func (b *Backend) DeformAttention(dst, v, offsets, logits Tensor, a backend.DeformArgs) {
	panic("deform.go")
}
func (b *Backend) LayerNorm(dst, x Tensor, a backend.NormArgs) { panic("norm.go") }
func (b *Backend) RMSNorm(dst, x Tensor, a backend.NormArgs)   { panic("norm.go") }
func (b *Backend) GroupNorm(dst, x Tensor, a backend.NormArgs) { panic("groupnorm.go") }
func (b *Backend) Rope(x, cos, sin Tensor)                     { panic("rope.go") }
func (b *Backend) Act(dst, x Tensor, f backend.Act)            { panic("elementwise.go") }
func (b *Backend) Glu(dst, a, c Tensor, f backend.Act)         { panic("elementwise.go") }
func (b *Backend) Add(dst, a, c Tensor)                        { panic("elementwise.go") }
func (b *Backend) Lincomb(dst Tensor, alpha float32, x Tensor, beta float32, y Tensor) {
	panic("elementwise.go")
}
func (b *Backend) Gather(dst, table, ids Tensor) { panic("gather.go") }
func (b *Backend) Copy(dst, src Tensor)          { panic("copy.go") }
