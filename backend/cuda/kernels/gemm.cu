// Products of matrices: dst = act(x·wᵀ + bias), or dst += gate·act(x·wᵀ + bias).
#include "tile_bf16.cuh"
#include "tile_f32.cuh"

// multiply_bf16 and multiply_f32 have a matrix on the left.
template <class Tile, class Stored> DEVICE void multiply_bf16(const ProductArgs &a) { product_bf16<Tile, Matrix<bf16, typename Tile::X>, Stored>(a); }
template <class Tile, class Stored> DEVICE void multiply_f32(const ProductArgs &a) { product_f32<Tile, Matrix<float, typename Tile::X>, Stored>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(256, 2) gemm_large_bf16(ProductArgs a) { multiply_bf16<LargeBF16, bf16>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(128, 3) gemm_medium_bf16(ProductArgs a) { multiply_bf16<MediumBF16, bf16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_small_bf16(ProductArgs a) { multiply_bf16<SmallBF16, bf16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_flat_bf16(ProductArgs a) { multiply_bf16<FlatBF16, bf16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(256, 2) gemm_large_i8_bf16(ProductArgs a) { multiply_bf16<LargeBF16, i8>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(128, 3) gemm_medium_i8_bf16(ProductArgs a) { multiply_bf16<MediumBF16, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_small_i8_bf16(ProductArgs a) { multiply_bf16<SmallBF16, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) gemm_flat_i8_bf16(ProductArgs a) { multiply_bf16<FlatBF16, i8>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(256) gemm_large_f32(ProductArgs a) { multiply_f32<LargeF32, float>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) gemm_small_f32(ProductArgs a) { multiply_f32<SmallF32, float>(a); }

// registers: 176
extern "C" __global__ void __launch_bounds__(256) gemm_large_i8_f32(ProductArgs a) { multiply_f32<LargeF32, i8>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) gemm_small_i8_f32(ProductArgs a) { multiply_f32<SmallF32, i8>(a); }
