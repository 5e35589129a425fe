// What happens to the sums of a product on their way to dst.
#pragma once
#include "operand.cuh"

// An Epilogue makes act(scale·sum + bias) of a sum, or adds gate times that to dst.
struct Epilogue {
	Rows dst;
	Vector scale, bias, gate;
	int rows, columns; // of dst
	int item;          // rows of a batch item
	int act, add;

	template <class T> DEVICE void finish(T *to, float sum, int item, int column) const {
		float y = activate(act, scale.data ? fmaf(sum, scale.data[column], bias.of(item, column, 0)) : sum + bias.of(item, column, 0));
		if (add) y = fmaf(gate.of(item, column, 1), y, widen(*to));
		*to = narrow<T>(y);
	}
};
