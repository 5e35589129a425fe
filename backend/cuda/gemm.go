package cuda

import (
	"strings"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// gemvRows is how many rows a product takes as long for as reading the weights: ROWS of kernels/gemv.cu.
const gemvRows = 4

// An epilogue mirrors kernels/epilogue.cuh.
type epilogue struct {
	dst               rows
	scale, bias, gate vector
	rows, columns     uint32
	item              uint32 // rows of a batch item
	act, add          int32
}

// A productArgs mirrors ProductArgs of kernels/product.cuh.
type productArgs struct {
	x, w         rows
	end          epilogue
	k            int32
	wideX, wideW int32 // rows begin at multiples of what a thread reads at once
}

// Gemm computes dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias) with Add, and scale·(x·wᵀ) for I8 weights.
func (b *Backend) Gemm(dst, x Tensor, w backend.Weight, a backend.GemmArgs) {
	act, few := x.DType(), dst.Rows() <= gemvRows
	weights := act // what the kernel multiplies by
	if stored := w.Matrix.DType(); stored == tensor.I8 || few && act == tensor.F32 {
		weights = stored
	}
	args := productArgs{
		x:   rowsOf(b.address(x), x),
		w:   rowsOf(b.matrix(w.Matrix, weights), w.Matrix),
		k:   int32(w.Matrix.Dim(1)),
		end: b.epilogue(dst, w, a),
	}
	args.wideX = bit(args.x.begin(tileBytes, act.Size()))
	args.wideW = bit(args.w.begin(tileBytes, weights.Size()))
	if weights == tensor.I8 {
		args.wideW = bit(args.w.begin(codeBytes, 1))
	}
	if few {
		launch(b, kernelName("gemv", "", weights, act), [3]int{parts(w.Outputs(), 4), 1, 1}, 128, 0, &args)
		return
	}
	t := b.tileFor(act, x.Rows(), w.Outputs(), args.wideX == 1 && args.wideW == 1)
	launch(b, kernelName("gemm", t.name, weights, act), t.grid(x.Rows(), w.Outputs()), t.threads, t.shared, &args)
}

func (b *Backend) epilogue(dst Tensor, w backend.Weight, a backend.GemmArgs) epilogue {
	return epilogue{
		dst: b.rows(dst), scale: b.vector(w.Scale), bias: b.vector(a.Bias), gate: b.vector(a.Gate),
		rows: uint32(dst.Rows()), columns: uint32(w.Outputs()), item: uint32(dst.Rows() / dst.Dim(0)),
		act: int32(a.Act), add: bit(a.Add),
	}
}

// kernelName joins the name of a family, that of a tile, and the types.
func kernelName(family, tile string, weights, act tensor.DType) string {
	parts := []string{family}
	if tile != "" {
		parts = append(parts, tile)
	}
	if weights != act {
		parts = append(parts, weights.String())
	}
	return strings.Join(append(parts, act.String()), "_")
}

func bit(on bool) int32 {
	if on {
		return 1
	}
	return 0
}
