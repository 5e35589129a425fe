// What happens to the sums of a product on their way to dst.
#pragma once
#include "operand.cuh"

// An Epilogue makes act(scale·sum + bias) of a sum, or adds gate times that to dst.
struct Epilogue {
	Rows dst;
	Vector scale, bias, gate;
	u32 rows, columns; // of dst
	u32 item;          // rows of a batch item
	int act, add;

	DEVICE float value(float sum, u32 item, u32 column) const {
		float b = bias.of(item, column, 0);
		return activate(act, scale.data ? fmaf(sum, scale.data[column], b) : sum + b);
	}

	// put finishes one number.
	template <class T> DEVICE void put(T *to, float sum, u32 item, u32 column) const {
		float y = value(sum, item, column);
		if (add) y = fmaf(gate.of(item, column, 1), y, widen(*to));
		*to = narrow<T>(y);
	}

	// put finishes numbers in two columns, or in the last one.
	template <class T> DEVICE void put(T *to, float2 sum, u32 item, u32 column) const {
		bool both = column + 1 < columns;
		float2 y = {value(sum.x, item, column), both ? value(sum.y, item, column + 1) : 0};
		if (add) {
			y.x = fmaf(gate.of(item, column, 1), y.x, widen(to[0]));
			if (both) y.y = fmaf(gate.of(item, column + 1, 1), y.y, widen(to[1]));
		}
		put_two(to, y, both);
	}

	// flush lets a warp finish rows first, first + step, … of its sums, COLUMNS of which lie in shared memory in rows of pitch
	// floats. The next sums may follow as soon as it returns.
	template <class T, int ROWS, int COLUMNS> DEVICE void flush(const float *sums, int pitch, u32 first, u32 step, u32 column) const {
		__syncwarp();
		u32 mine = first + lane() % ROWS * step; // a division for each row, not one for each number
		i64 offset = mine < rows ? dst.row(mine) : -1;
		u32 batch = mine / item;
		constexpr int across = COLUMNS / 2, down = 32 / across;
		column += lane() % across * 2;
#pragma unroll 1
		for (int r = 0; r < ROWS; r += down) {
			int row = r + lane() / across;
			i64 at = __shfl_sync(ALL, offset, row);
			u32 b = __shfl_sync(ALL, batch, row);
			if (at >= 0 && column < columns) put((T *)dst.data + at + column, *(const float2 *)&sums[row * pitch + lane() % across * 2], b, column);
		}
		__syncwarp();
	}
};
