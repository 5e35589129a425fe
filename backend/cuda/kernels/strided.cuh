// Tensors of any strides, read and written eight adjacent elements at a time. What is read or written does not depend on how an
// address is aligned, only how fast.
#pragma once
#include "operand.cuh"

enum { eight = 8 };
enum Type { F32 = 1, F16, BF16 }; // numbered as tensor.DType

DEVICE bool aligned(const void *p) { return (u64)p % 16 == 0; }

// load reads min(n, 8) elements from p on; what is missing of eight is 0.
DEVICE void load(float (&v)[eight], const float *p, i64 n) {
	if (n >= eight && aligned(p)) {
		float4 lo = ((const float4 *)p)[0], hi = ((const float4 *)p)[1];
		v[0] = lo.x, v[1] = lo.y, v[2] = lo.z, v[3] = lo.w;
		v[4] = hi.x, v[5] = hi.y, v[6] = hi.z, v[7] = hi.w;
		return;
	}
#pragma unroll
	for (int i = 0; i < eight; i++) v[i] = i < n ? p[i] : 0;
}
template <class T> DEVICE void load(float (&v)[eight], const T *p, i64 n) {
	if (n >= eight && aligned(p)) {
		uint4 words = *(const uint4 *)p;
		u32 two[] = {words.x, words.y, words.z, words.w};
#pragma unroll
		for (int i = 0; i < eight; i++) v[i] = widen(T{(u16)(two[i / 2] >> i % 2 * 16)});
		return;
	}
#pragma unroll
	for (int i = 0; i < eight; i++) v[i] = i < n ? widen(p[i]) : 0;
}

// load reads a vector for a batch item from element c on, or what stands for it where it is absent.
DEVICE void load(float (&v)[eight], const Vector &p, int item, int c, int n, float absent) {
	if (p.data) return load(v, p.data + item * p.stride + c, n);
#pragma unroll
	for (int i = 0; i < eight; i++) v[i] = absent;
}

// store writes min(n, 8) of eight elements to p on.
DEVICE void store(float *p, const float (&v)[eight], i64 n) {
	if (n >= eight && aligned(p)) {
		((float4 *)p)[0] = make_float4(v[0], v[1], v[2], v[3]);
		((float4 *)p)[1] = make_float4(v[4], v[5], v[6], v[7]);
		return;
	}
#pragma unroll
	for (int i = 0; i < eight; i++)
		if (i < n) p[i] = v[i];
}
template <class T> DEVICE void store(T *p, const float (&v)[eight], i64 n) {
	if (n >= eight && aligned(p)) {
		u32 two[eight / 2];
#pragma unroll
		for (int i = 0; i < eight / 2; i++) two[i] = narrow<T>(v[2 * i]).bits | (u32)narrow<T>(v[2 * i + 1]).bits << 16;
		*(uint4 *)p = make_uint4(two[0], two[1], two[2], two[3]);
		return;
	}
#pragma unroll
	for (int i = 0; i < eight; i++)
		if (i < n) p[i] = narrow<T>(v[i]);
}

// A Tiling shares rows among blocks: as many rows as a block has threads for, or a part of one that is wider than that.
struct Tiling {
	i64 width; // elements of a row
	int rows;
	int lanes; // threads of a row
	int cuts;  // blocks that share a row
};

// A Place is what one thread computes: up to eight elements of a row, or none.
struct Place {
	int row;
	i64 col, n;
};

DEVICE Place place(const Tiling &t) {
	int held = blockDim.x / t.lanes, slot = threadIdx.x / t.lanes;
	i64 row = (i64)(blockIdx.x / t.cuts) * held + slot;
	i64 col = ((i64)(blockIdx.x % t.cuts) * t.lanes + threadIdx.x % t.lanes) * eight;
	bool idle = slot >= held || row >= t.rows || col >= t.width;
	return {(int)row, col, idle ? 0 : t.width - col};
}

// An Operand is a tensor of any floating-point type.
struct Operand {
	Rows rows;
	int type;
	int step; // along a row: 1, or 0 for one number that stands for all

	// index returns where a place begins.
	DEVICE i64 index(const Place &at) const { return rows.row(at.row) + step * at.col; }

	// get reads elements as load does, from element i on.
	DEVICE void get(float (&v)[eight], i64 i, i64 n) const {
		if (step == 0) n = 1;
		switch (type) {
		case F32: load(v, (const float *)rows.data + i, n); break;
		case F16: load(v, (const f16 *)rows.data + i, n); break;
		default: load(v, (const bf16 *)rows.data + i, n);
		}
#pragma unroll
		for (int k = 1; k < eight; k++) v[k] = step == 0 ? v[0] : v[k];
	}

	// put writes elements as store does, from element i on.
	DEVICE void put(const float (&v)[eight], i64 i, i64 n) const {
		switch (type) {
		case F32: store((float *)rows.data + i, v, n); break;
		case F16: store((f16 *)rows.data + i, v, n); break;
		default: store((bf16 *)rows.data + i, v, n);
		}
	}
};
