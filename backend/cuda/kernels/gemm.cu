// Products of matrices: dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias).
#include "tile_bf16.cuh"
#include "tile_f32.cuh"

extern __shared__ __align__(16) float shared[];

// product_bf16 computes a tile. Stored is what weights are stored as.
template <class Tile, class Stored> DEVICE void product_bf16(const ProductArgs &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Matrix<bf16, typename Tile::X> X;
	typedef Matrix<Stored, typename Tile::W> W;
	SlabBF16<Tile, typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabBF16<Tile, typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared_address(shared));
	tile.finish(a.end, row, column, shared);
}

template <class Tile, class Stored> DEVICE void product_f32(const ProductArgs &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Matrix<float, typename Tile::X> X;
	typedef Matrix<Stored, typename Tile::W> W;
	SlabF32<Tile, typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabF32<Tile, typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared);
	tile.finish(a.end, row, column, shared);
}

// registers: 240
extern "C" __global__ void __launch_bounds__(128, 2) gemm_large_bf16(ProductArgs a) { product_bf16<LargeBF16, bf16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_small_bf16(ProductArgs a) { product_bf16<SmallBF16, bf16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_flat_bf16(ProductArgs a) { product_bf16<FlatBF16, bf16>(a); }

// registers: 240
extern "C" __global__ void __launch_bounds__(128, 2) gemm_large_i8_bf16(ProductArgs a) { product_bf16<LargeBF16, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_small_i8_bf16(ProductArgs a) { product_bf16<SmallBF16, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_flat_i8_bf16(ProductArgs a) { product_bf16<FlatBF16, i8>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(256) gemm_large_f32(ProductArgs a) { product_f32<LargeF32, float>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) gemm_small_f32(ProductArgs a) { product_f32<SmallF32, float>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(256) gemm_large_i8_f32(ProductArgs a) { product_f32<LargeF32, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) gemm_small_i8_f32(ProductArgs a) { product_f32<SmallF32, i8>(a); }
