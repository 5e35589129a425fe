// Rope rotates pairs of neighbours in place.
#include "strided.cuh"

struct Rope {
	Rows x;        // [B, L, H, D]
	Rows cos, sin; // [L, D/2]
	Tiling tiling;
	int tokens, heads;
};

template <class T> DEVICE void rotate(const Rope &p) {
	Place at = place(p.tiling);
	if (at.n == 0) return;
	T *x = p.x.at<T>(at.row) + at.col;
	int token = at.row / p.heads % p.tokens;
	const float *cos = p.cos.at<float>(token) + at.col / 2, *sin = p.sin.at<float>(token) + at.col / 2;
	float v[eight];
	load(v, x, at.n);
#pragma unroll
	for (int i = 0; i < eight; i += 2) {
		float c = i < at.n ? cos[i / 2] : 0, s = i < at.n ? sin[i / 2] : 0, first = v[i];
		v[i] = fmaf(first, c, -v[i + 1] * s);
		v[i + 1] = fmaf(v[i + 1], c, first * s);
	}
	store(x, v, at.n);
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) rope_f32(const __grid_constant__ Rope p) { rotate<float>(p); }

// registers: 40
extern "C" __global__ void __launch_bounds__(256) rope_bf16(const __grid_constant__ Rope p) { rotate<bf16>(p); }
