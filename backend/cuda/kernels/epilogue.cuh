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

	// affine returns what is activated.
	DEVICE float affine(float sum, u32 item, u32 column) const {
		float b = bias.of(item, column, 0);
		return scale.data ? fmaf(sum, scale.data[column], b) : sum + b;
	}

	// put finishes one number.
	template <class T> DEVICE void put(T *to, float sum, u32 item, u32 column) const {
		float y = activate(act, affine(sum, item, column));
		if (add) y = fmaf(gate.of(item, column, 1), y, widen(*to));
		*to = narrow<T>(y);
	}

	// flush lets a warp finish rows first, first + step, … of its sums, COLUMNS of which lie in shared memory in rows of pitch
	// floats, each lane two columns of some rows. The next sums may follow as soon as it returns.
	template <class T, int ROWS, int COLUMNS> DEVICE void flush(const float *sums, int pitch, u32 first, u32 step, u32 column) const {
		__syncwarp();
		constexpr int across = COLUMNS / 2, down = 32 / across, together = least(4, ROWS / down);
		u32 mine = first + lane() % ROWS * step; // a division for each row, not one for each number
		i64 offset = mine < rows ? dst.row(mine) : -1;
		u32 batch = mine / item;
		int top = lane() / across, left = lane() % across * 2;
		sums += top * pitch + left, column += left;
		bool both = column + 1 < columns;
#pragma unroll 1
		for (int r = 0; r < ROWS; r += down * together) {
			T *to[together];
			float2 y[together] = {}, old[together];
			u32 b[together];
#pragma unroll
			for (int i = 0; i < together; i++) {
				i64 at = __shfl_sync(ALL, offset, r + i * down + top);
				b[i] = __shfl_sync(ALL, batch, r + i * down + top);
				to[i] = at >= 0 && column < columns ? (T *)dst.data + at + column : nullptr;
			}
#pragma unroll
			for (int i = 0; i < together; i++) {
				if (!to[i]) continue;
				if (add) old[i] = get_two(to[i], both);
				y[i] = *(const float2 *)&sums[(r + i * down) * pitch];
				y[i] = {affine(y[i].x, b[i], column), both ? affine(y[i].y, b[i], column + 1) : 0};
			}
			if (act != NONE) activate_all(y);
#pragma unroll
			for (int i = 0; i < together; i++) {
				if (!to[i]) continue;
				if (add) {
					y[i].x = fmaf(gate.of(b[i], column, 1), y[i].x, old[i].x);
					if (both) y[i].y = fmaf(gate.of(b[i], column + 1, 1), y[i].y, old[i].y);
				}
				put_two(to[i], y[i], both);
			}
		}
		__syncwarp();
	}

	// activate_all keeps the code of activations in one place: numbers move up, past it.
	template <int N> DEVICE void activate_all(float2 (&y)[N]) const {
#pragma unroll 1
		for (int done = 0; done < N; done++) {
			float2 z = {activate(act, y[0].x), activate(act, y[0].y)};
#pragma unroll
			for (int i = 1; i < N; i++) y[i - 1] = y[i];
			y[N - 1] = z;
		}
	}
};
