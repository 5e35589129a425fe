// What both kinds of attention share.
#pragma once
#include "operand.cuh"

// A Heads is q, k or v: [B, L, H, D].
struct Heads {
	void *data;
	i64 batch, row, head; // strides

	template <class T> DEVICE const T *of(u32 b, u32 h) const { return (const T *)data + b * batch + h * head; }
};

struct AttentionArgs {
	void *dst; // [B, Lq, H·Dv]
	i64 batch, row;
	Heads q, k, v;
	const float *bias; // [H, Lq, Lk], or null
	i64 bias_head, bias_row;
	int queries, keys;
	int d, dv;
	float scale;
	int causal;
	int each;                   // queries of a block
	int wide_q, wide_k, wide_v; // rows begin at multiples of 16 bytes

	// seen returns how many keys are seen by any of the queries before end.
	DEVICE int seen(int end) const { return causal ? least(keys, end) : keys; }
};
