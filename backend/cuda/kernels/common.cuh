// What kernels share: numbers, activations, and the instructions of tensor cores and of asynchronous copies.
//
// Addresses of operands are counted in elements of 64 bits. A kernel takes one struct, which Go mirrors.
#pragma once

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16; // also the bits of a bf16 or an f16
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#define DEVICE __device__ __forceinline__

enum : u32 { ALL = 0xffffffff }; // lanes of a warp

DEVICE float infinity() { return __int_as_float(0x7f800000); }
DEVICE constexpr int least(int a, int b) { return a < b ? a : b; }
DEVICE constexpr int most(int a, int b) { return a > b ? a : b; }
DEVICE constexpr u32 parts(u32 n, u32 size) { return (n + size - 1) / size; }

// ---- Numbers: BF16, F16 and I8 as F32, and back.

struct bf16 { u16 bits; };
struct f16 { u16 bits; };

DEVICE float widen(float x) { return x; }
DEVICE float widen(i8 x) { return (float)x; }
DEVICE float widen(bf16 x) { return __uint_as_float((u32)x.bits << 16); }
DEVICE float widen(f16 x) {
	float y;
	asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
	return y;
}

// pair packs two numbers as BF16, lo in the lower half.
DEVICE u32 pair(float lo, float hi) {
	u32 y;
	asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(hi), "f"(lo));
	return y;
}

// narrow rounds to nearest even.
template <class T> DEVICE T narrow(float x);
template <> DEVICE float narrow<float>(float x) { return x; }
template <> DEVICE bf16 narrow<bf16>(float x) { return bf16{(u16)pair(x, 0)}; }
template <> DEVICE f16 narrow<f16>(float x) {
	u16 y;
	asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
	return f16{y};
}

// A Two is two numbers that are read or written at once.
template <class T> struct TwoOf;
template <> struct TwoOf<float> { typedef float2 type; };
template <> struct TwoOf<bf16> { typedef u32 type; };
template <class T> using Two = typename TwoOf<T>::type;

template <class T> DEVICE Two<T> narrow_two(float2 x);
template <> DEVICE float2 narrow_two<float>(float2 x) { return x; }
template <> DEVICE u32 narrow_two<bf16>(float2 x) { return pair(x.x, x.y); }

// put_two writes two numbers, in one access where that can be, or the first of them.
template <class T> DEVICE void put_two(T *to, float2 x, bool both) {
	if (both && (u64)to % (2 * sizeof(T)) == 0) {
		*(Two<T> *)to = narrow_two<T>(x);
		return;
	}
	to[0] = narrow<T>(x.x);
	if (both) to[1] = narrow<T>(x.y);
}

DEVICE float2 widen_two(float2 x) { return x; }
DEVICE float2 widen_two(u32 x) { return {__uint_as_float(x << 16), __uint_as_float(x & 0xffff0000)}; }

// get_two reads two numbers, in one access where that can be, or the first of them.
template <class T> DEVICE float2 get_two(const T *from, bool both) {
	if (both && (u64)from % (2 * sizeof(T)) == 0) return widen_two(*(const Two<T> *)from);
	return {widen(from[0]), both ? widen(from[1]) : 0};
}

// unpack returns the four numbers of I8 in x. A byte, its sign flipped, becomes the low bits of 2²³ + 128 + number.
DEVICE void unpack(float (&y)[4], u32 x) {
	x ^= 0x80808080;
	y[0] = __uint_as_float(__byte_perm(x, 0x4b000000, 0x7440)) - 8388736.0f;
	y[1] = __uint_as_float(__byte_perm(x, 0x4b000000, 0x7441)) - 8388736.0f;
	y[2] = __uint_as_float(__byte_perm(x, 0x4b000000, 0x7442)) - 8388736.0f;
	y[3] = __uint_as_float(__byte_perm(x, 0x4b000000, 0x7443)) - 8388736.0f;
}

// ---- Activations, numbered as backend.Act.

enum Activation { NONE, RELU, RELU6, SILU, GELU, GELU_TANH, QUICK_GELU };

DEVICE float swish(float x, float a) { return x / (1 + expf(-a * x)); }

// activate passes NaN on, which fmaxf would not.
DEVICE float activate(int f, float x) {
	switch (f) {
	case RELU: return x < 0 ? 0 : x;
	case RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
	case SILU: return swish(x, 1);
	case GELU: return x * 0.5f * (1 + erff(x * 0.70710678f));
	case GELU_TANH: return x * 0.5f * (1 + tanhf(0.79788456f * fmaf(0.044715f * x * x, x, x)));
	case QUICK_GELU: return swish(x, 1.702f);
	}
	return x;
}

// exp2_approx returns 2^x, which errs by 2⁻²² of it.
DEVICE float exp2_approx(float x) {
	float y;
	asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

// ---- Warps.

DEVICE int lane() { return threadIdx.x % 32; }
DEVICE int warp() { return threadIdx.x / 32; }

// warp_sum and warp_max combine a number of each lane; all lanes get the same.
DEVICE float warp_sum(float x) {
#pragma unroll
	for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(ALL, x, step);
	return x;
}
DEVICE float warp_max(float x) {
#pragma unroll
	for (int step = 16; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(ALL, x, step));
	return x;
}

// ---- Shared memory by its 32-bit addresses, asynchronous copies, tensor cores.

DEVICE u32 shared_address(const void *p) { return (u32)__cvta_generic_to_shared(p); }

DEVICE void store_shared(u32 address, uint4 x) {
	asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w) : "memory");
}

DEVICE void store_shared(u32 address, u32 x) { asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(x) : "memory"); }

// copy_async copies bytes of p to 16 bytes of shared memory, and zeros after them. Nothing is read if there are none.
DEVICE void copy_async(u32 address, const void *p, int bytes) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(p), "r"(bytes) : "memory");
}
DEVICE void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// wait returns when all but the newest N groups of this thread's copies have arrived.
template <int N> DEVICE void wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory"); }

// load_matrices loads four 8×8 matrices of 16-bit numbers. Lane i says where row i%8 of matrix i/8 begins; of each matrix it
// gets numbers 2(i%4) and 2(i%4)+1 of row i/4, or of column i/4 if transposed.
DEVICE void load_matrices(u32 (&r)[4], u32 address) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
	             : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
DEVICE void load_transposed(u32 (&r)[4], u32 address) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
	             : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

// multiply adds the product of a 16×16 matrix a and a 16×8 matrix b of BF16 to d. Of d a lane has numbers 2(lane%4) and
// 2(lane%4)+1 of rows lane/4 and lane/4+8; of a the same in columns 0 to 7, then in columns 8 to 15; of b, whose columns are
// adjacent in memory, rows 2(lane%4) and 2(lane%4)+1 of column lane/4, then those 8 rows below.
DEVICE void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
	asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
	    : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
