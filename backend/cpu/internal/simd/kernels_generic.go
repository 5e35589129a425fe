package simd

func generic() *Kernels {
	k := &Kernels{
		Name:    "generic",
		FromF16: fromF16Generic, FromBF16: fromBF16Generic, ToF16: toF16Generic, ToBF16: toBF16Generic,
		RoundBF16: roundBF16Generic, PairBF16: pairBF16Generic, AbsMax: absMaxGeneric,
		Act: actGeneric, Affine: affineGeneric, Normalize: normalizeGeneric, Add: addGeneric, Mul: mulGeneric, MulAdd: mulAddGeneric,
		Lincomb: lincombGeneric, Scale: scaleGeneric, Max: maxGeneric, ExpSum: expSumGeneric,
		Sum: sumGeneric, SumSquares: sumSquaresGeneric, AddSquares: addSquaresGeneric,
	}
	k.F32 = floatsOf(genericNR).product().with("go", genericMR, tileGeneric[float32], peakGeneric[float32])
	k.BF16 = k.rounded(k.F32)
	i8 := integers[int32]{columns: columns{nr: genericNR, group: 1, i8: transposition[int8]{row: column(func(v int8) int32 { return int32(v) })}}}
	k.I8 = i8.product(fromSumsGeneric).with("go integers", genericMR, tileGeneric[int32], peakGeneric[int32])
	return k
}

// with returns p with a tile, whose instruction has a name, and with its peak.
func (p Product) with(name string, mr int, tile func(c, a Rows, b *float32, rows, words int, add bool), peak func(n int) int64) Product {
	p.Name, p.MR, p.Tile, p.Peak = name, mr, tile, peak
	return p
}
