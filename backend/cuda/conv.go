package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// An image mirrors Image of kernels/conv.cu.
type image struct {
	data            driver.Ptr
	stride          int64  // of B
	pitch, spread   uint32 // strides of H and W
	height, width   uint32 // as if doubled, if it is
	doubled         int32
	channels        uint32
	columns         uint32 // of the kernel
	area, across    uint32 // numbers of dst in an image, and in a row of one
	step, top, left int32  // from patch to patch; pads
}

// A convArgs mirrors ConvArgs of kernels/conv.cu.
type convArgs struct {
	x            image
	w            rows
	end          epilogue
	k            int32
	wideX, wideW int32
}

// Conv2D is the cross-correlation of x [B, H, W, I] with w [O, kh, kw, I] plus bias into dst [B, OH, OW, O]. Norms in front of it
// have been computed before.
func (b *Backend) Conv2D(dst, x Tensor, w backend.Weight, a backend.ConvArgs) {
	if a.Norm.Groups > 0 {
		panic("cuda: a norm in a convolution")
	}
	act, m := x.DType(), w.Matrix
	k := m.Dim(1) * m.Dim(2) * m.Dim(3)
	args := convArgs{
		x:   b.image(dst, x, m.Dim(2), a),
		w:   rowsOf(b.matrix(m, act), m.Reshape(m.Dim(0), k)),
		k:   int32(k),
		end: b.epilogue(dst, w, backend.GemmArgs{Bias: a.Bias, Add: a.Add}),
	}
	args.wideX = bit(x.Dim(3)*act.Size()%tileBytes == 0 && rowsOf(args.x.data, x).begin(tileBytes, act.Size()))
	args.wideW = bit(args.w.begin(tileBytes, act.Size()))
	t := b.patchTileFor(act, dst.Rows(), w.Outputs(), args.wideX == 1 && args.wideW == 1)
	launch(b, kernelName("conv", t.name, act, act), t.grid(dst.Rows(), w.Outputs()), t.threads, t.shared, &args)
}

// image says how patches of x lie that a kernel of so many columns reads for dst.
func (b *Backend) image(dst, x Tensor, columns int, a backend.ConvArgs) image {
	m := image{
		data: b.address(x), stride: int64(x.Stride(0)), pitch: uint32(x.Stride(1)), spread: uint32(x.Stride(2)),
		height: uint32(x.Dim(1)), width: uint32(x.Dim(2)), channels: uint32(x.Dim(3)), columns: uint32(columns),
		area: uint32(dst.Dim(1) * dst.Dim(2)), across: uint32(dst.Dim(2)),
		step: int32(a.Stride), top: int32(a.Pad[0]), left: int32(a.Pad[1]),
	}
	if up := a.Upsample; up != [2]int{} {
		m.doubled, m.height, m.width = 1, uint32(up[0]), uint32(up[1])
	}
	return m
}
