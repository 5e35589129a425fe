package simd

// The rows and columns of the tile of the Go implementation. Its sums fit into the registers of most machines.
const (
	genericMR = 4
	genericNR = 4
)

func generic() *Kernels {
	return &Kernels{
		Name: "generic", MR: genericMR, NR: genericNR,
		Tile:    tileGeneric,
		PackF32: packer(genericNR, nil, packF32Generic), PackF16: packer(genericNR, nil, packF16Generic),
		PackBF16: packer(genericNR, nil, packBF16Generic), PackI8: packer(genericNR, nil, packI8Generic),
		Peak:    peakGeneric,
		FromF16: fromF16Generic, FromBF16: fromBF16Generic, ToF16: toF16Generic, ToBF16: toBF16Generic,
		Act: actGeneric, Affine: affineGeneric, Normalize: normalizeGeneric, Add: addGeneric, Mul: mulGeneric, MulAdd: mulAddGeneric,
		Lincomb: lincombGeneric, Scale: scaleGeneric, Max: maxGeneric, ExpSum: expSumGeneric,
		Sum: sumGeneric, SumSquares: sumSquaresGeneric, AddSquares: addSquaresGeneric,
	}
}
