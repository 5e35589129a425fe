// Products of few rows, which take as long as reading the weights does.
#include "product.cuh"

enum {
	ROWS = 4,  // at most: gemvRows
	CHUNK = 8, // numbers that a lane reads at once
	WARPS = 4,
};

// Chunk<T> reads CHUNK numbers.
template <class T> struct Chunk;
template <> struct Chunk<float> {
	static DEVICE void read(float (&y)[CHUNK], const float *p) {
		float4 a = ((const float4 *)p)[0], b = ((const float4 *)p)[1];
		y[0] = a.x, y[1] = a.y, y[2] = a.z, y[3] = a.w, y[4] = b.x, y[5] = b.y, y[6] = b.z, y[7] = b.w;
	}
};
template <> struct Chunk<bf16> {
	static DEVICE void read(float (&y)[CHUNK], const bf16 *p) {
		uint4 v = *(const uint4 *)p;
		u32 x[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
		for (int i = 0; i < 4; i++) {
			y[2 * i] = __uint_as_float(x[i] << 16);
			y[2 * i + 1] = __uint_as_float(x[i] & 0xffff0000);
		}
	}
};
template <> struct Chunk<f16> {
	static DEVICE void read(float (&y)[CHUNK], const f16 *p) {
		uint4 v = *(const uint4 *)p;
		u32 x[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
		for (int i = 0; i < 4; i++) {
			y[2 * i] = widen(f16{(u16)x[i]});
			y[2 * i + 1] = widen(f16{(u16)(x[i] >> 16)});
		}
	}
};
template <> struct Chunk<i8> {
	static DEVICE void read(float (&y)[CHUNK], const i8 *p) {
		uint2 v = *(const uint2 *)p;
		float a[4], b[4];
		unpack(a, v.x);
		unpack(b, v.y);
#pragma unroll
		for (int i = 0; i < 4; i++) y[i] = a[i], y[i + 4] = b[i];
	}
};

// read returns n ≤ CHUNK numbers, and zeros.
template <class T> DEVICE void read(float (&y)[CHUNK], const T *p, int n, bool wide) {
	if (wide && n == CHUNK) {
		Chunk<T>::read(y, p);
		return;
	}
#pragma unroll
	for (int i = 0; i < CHUNK; i++) y[i] = i < n ? widen(p[i]) : 0;
}

// product gives every warp a column of dst. Its lanes take chunks of K in turn.
template <class T, class W> DEVICE void product(const ProductArgs &a) {
	u32 column = blockIdx.x * WARPS + warp();
	if (column >= a.end.columns) return;
	const W *w = a.w.at<W>(column);
	const T *x[ROWS];
	float sum[ROWS];
#pragma unroll
	for (int r = 0; r < ROWS; r++) {
		x[r] = a.x.at<T>(r < a.end.rows ? r : 0);
		sum[r] = 0;
	}
	for (int k = lane() * CHUNK; k < a.k; k += 32 * CHUNK) {
		int n = least(CHUNK, a.k - k);
		float ws[CHUNK], xs[CHUNK];
		read(ws, w + k, n, a.wide_w);
#pragma unroll
		for (int r = 0; r < ROWS; r++) {
			if (r >= a.end.rows) break;
			read(xs, x[r] + k, n, a.wide_x);
#pragma unroll
			for (int i = 0; i < CHUNK; i++) sum[r] = fmaf(ws[i], xs[i], sum[r]);
		}
	}
	float mine = 0; // the sum of row lane()
#pragma unroll
	for (int r = 0; r < ROWS; r++) {
		float all = warp_sum(sum[r]);
		if (lane() == r) mine = all;
	}
	if (lane() < a.end.rows) a.end.put(a.end.dst.at<T>(lane()) + column, mine, lane() / a.end.item, column);
}

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_f32(ProductArgs a) { product<float, float>(a); }

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_i8_f32(ProductArgs a) { product<float, i8>(a); }

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_bf16_f32(ProductArgs a) { product<float, bf16>(a); }

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_f16_f32(ProductArgs a) { product<float, f16>(a); }

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_bf16(ProductArgs a) { product<bf16, bf16>(a); }

// registers: 64
extern "C" __global__ void __launch_bounds__(128) gemv_i8_bf16(ProductArgs a) { product<bf16, i8>(a); }
