// Operations of one element at a time. Every operand has strides and a type of its own.
#include "strided.cuh"

struct Elementwise {
	Operand dst, a, b;
	Tiling tiling;
	float alpha, beta;
	int act;
};

// of_one computes dst = f(a).
template <class F> DEVICE void of_one(const Elementwise &p, F f) {
	Place at = place(p.tiling);
	if (at.n == 0) return;
	float v[eight];
	p.a.get(v, p.a.index(at), at.n);
#pragma unroll
	for (int i = 0; i < eight; i++) v[i] = f(v[i]);
	p.dst.put(v, p.dst.index(at), at.n);
}

// of_two computes dst = f(a, b).
template <class F> DEVICE void of_two(const Elementwise &p, F f) {
	Place at = place(p.tiling);
	if (at.n == 0) return;
	float v[eight], w[eight];
	p.a.get(v, p.a.index(at), at.n);
	p.b.get(w, p.b.index(at), at.n);
#pragma unroll
	for (int i = 0; i < eight; i++) v[i] = f(v[i], w[i]);
	p.dst.put(v, p.dst.index(at), at.n);
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) copy(const __grid_constant__ Elementwise p) {
	of_one(p, [](float x) { return x; });
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) act(const __grid_constant__ Elementwise p) {
	of_one(p, [&](float x) { return activate(p.act, x); });
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) glu(const __grid_constant__ Elementwise p) {
	of_two(p, [&](float a, float b) { return a * activate(p.act, b); });
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) add(const __grid_constant__ Elementwise p) {
	of_two(p, [](float a, float b) { return a + b; });
}

// registers: 40
extern "C" __global__ void __launch_bounds__(256) lincomb(const __grid_constant__ Elementwise p) {
	of_two(p, [&](float a, float b) { return fmaf(p.alpha, a, p.beta * b); });
}
