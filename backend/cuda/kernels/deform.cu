// DeformAttention samples a map at positions of each token and head.
#include "strided.cuh"

// All of a Deform are [B, L, H, n]: dst and v have n = D, offsets two for each point, logits one.
struct Deform {
	Rows dst, v, offsets, logits;
	Tiling tiling;
	i64 next; // from one token of v to the next
	int heads;
	int map_rows, map_cols; // L of them
	int points;
};

// A Sample sums what it takes from a map of vectors, eight elements of each.
template <class T> struct Sample {
	const T *map;
	i64 next; // from one position to the one after it
	int rows, cols;
	i64 n;
	float sum[eight];

	DEVICE void add(float weight, int row, int col) {
		if (row < 0 || col < 0 || row >= rows || col >= cols) return;
		float v[eight];
		load(v, map + (row * cols + col) * next, n);
#pragma unroll
		for (int i = 0; i < eight; i++) sum[i] = fmaf(weight, v[i], sum[i]);
	}

	// interpolate adds the bilinear sample at (x, y). Outside the map is 0, but nowhere is not a number.
	DEVICE void interpolate(float weight, float x, float y) {
		if (x != x || y != y) {
#pragma unroll
			for (int i = 0; i < eight; i++) sum[i] += x + y;
		}
		if (!(x > -1 && y > -1 && x < cols && y < rows)) return;
		float left = floorf(x), top = floorf(y), right = x - left, down = y - top;
#pragma unroll 1
		for (int corner = 0; corner < 4; corner++) {
			int dx = corner % 2, dy = corner / 2;
			add(weight * (dx ? right : 1 - right) * (dy ? down : 1 - down), (int)top + dy, (int)left + dx);
		}
	}
};

template <class T> DEVICE void deform(const Deform &p) {
	Place at = place(p.tiling);
	if (at.n == 0) return;
	const T *offsets = p.offsets.at<T>(at.row), *logits = p.logits.at<T>(at.row);
	int token = at.row / p.heads % (p.map_rows * p.map_cols);
	const T *map = p.v.at<T>(at.row - token * p.heads) + at.col; // of the head in the first token
	Sample<T> sample = {map, p.next, p.map_rows, p.map_cols, at.n, {}};

	float top = -infinity(), total = 0;
	for (int i = 0; i < p.points; i++) top = fmaxf(top, widen(logits[i]));
	for (int i = 0; i < p.points; i++) {
		float weight = expf(widen(logits[i]) - top);
		total += weight;
		sample.interpolate(weight, token % p.map_cols + widen(offsets[2 * i]), token / p.map_cols + widen(offsets[2 * i + 1]));
	}
#pragma unroll
	for (int i = 0; i < eight; i++) sample.sum[i] /= total;
	store(p.dst.at<T>(at.row) + at.col, sample.sum, at.n);
}

// registers: 80
extern "C" __global__ void __launch_bounds__(256) deform_f32(const __grid_constant__ Deform p) { deform<float>(p); }

// registers: 80
extern "C" __global__ void __launch_bounds__(256) deform_bf16(const __grid_constant__ Deform p) { deform<bf16>(p); }
