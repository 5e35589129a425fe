// Operands as kernels get them. Go's mirrors are in operand.go.
#pragma once
#include "common.cuh"

// A Rows is a tensor of up to four dimensions as the vectors of its last one, whose elements are adjacent. Row
// (i·dim[0] + j)·dim[1] + k begins i·stride[0] + j·stride[1] + k·stride[2] elements after the first.
struct Rows {
	void *data;
	i64 stride[3];
	u32 dim[2];

	DEVICE i64 row(u32 r) const {
		if (dim[0] == 1 && dim[1] == 1) return r * stride[0];
		u32 above = r / dim[1];
		return r % dim[1] * stride[2] + above % dim[0] * stride[1] + above / dim[0] * stride[0];
	}
	template <class T> DEVICE T *at(u32 r) const { return (T *)data + row(r); }
};

// A Vector is F32 [C] or, with a stride, [B, C], or absent.
struct Vector {
	const float *data;
	i64 stride;

	// of returns element c for batch item b, or what stands for an absent vector.
	DEVICE float of(i64 b, int c, float absent) const { return data ? data[b * stride + c] : absent; }
};
