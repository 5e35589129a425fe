package cuda

import "github.com/faceclip-go/faceclip-go/backend"

func (b *Backend) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) { panic("conv.go") }
func (b *Backend) Attention(dst, q, k, v Tensor, a backend.AttentionArgs)     { panic("attention.go") }
