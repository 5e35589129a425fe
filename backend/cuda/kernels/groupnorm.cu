// GroupNorm in three kernels: moments of parts of a map, their merging, and what they make of each element.
//
// A group is one cell, or is cut into several if it has more channels than a block has threads for. A block computes a tile of
// adjacent cells in a chunk of the positions: each thread eight channels of every so many positions.
#include "strided.cuh"

struct Moments {
	float n, mean, squares; // how many, their mean, and the sum of squared differences from it
};

struct GroupNorm {
	Rows dst, x; // [B, ..., channels]
	Vector gamma, beta;
	Moments *parts; // [B, chunks, cells]
	float2 *norms;  // [B, groups]: the mean, and by what differences from it are multiplied
	int positions, chunks, chunk; // of a batch item; the last two: how many, and of how many positions
	int groups, group;     // how many, and of how many channels
	int pieces, cell;      // of a group: how many, and of how many channels but for the last
	int tiles, tile;       // how many, and of how many cells
	int lanes;             // threads of a position
	int act;
	float eps;

	DEVICE int cells() const { return groups * pieces; }

	// first returns the first channel of a cell.
	DEVICE int first(int cell) const { return cell / pieces * group + cell % pieces * this->cell; }
};

// A Block is what one block computes.
struct Block {
	int item, chunk;
	int row, n;     // the first position, and how many
	int cell, last; // cells from the one up to the other
	int step;       // positions that are computed at once

	DEVICE Block(const GroupNorm &p) {
		int i = blockIdx.x / p.tiles;
		item = i / p.chunks, chunk = i % p.chunks;
		row = item * p.positions + chunk * p.chunk;
		n = least(p.chunk, p.positions - chunk * p.chunk);
		cell = blockIdx.x % p.tiles * p.tile;
		last = least(cell + p.tile, p.cells());
		step = blockDim.x / p.lanes;
	}
};

// merge adds o to m, after Chan, Golub and LeVeque.
DEVICE void merge(Moments &m, const Moments &o) {
	if (o.n == 0) return;
	float n = m.n + o.n, part = o.n / n, d = o.mean - m.mean;
	m.mean = fmaf(d, part, m.mean);
	m.squares += fmaf(d * m.n, d * part, o.squares);
	m.n = n;
}

constexpr int held = 2048; // channels that a block has threads for

template <class T> DEVICE void moments(const GroupNorm &p) {
	__shared__ float means[held], squares[held]; // of every thread's channels
	const Block b(p);
	int first = p.first(b.cell), channels = p.first(b.last) - first;
	int lane8 = threadIdx.x % p.lanes * eight, at = threadIdx.x / p.lanes;
	if (at < b.step) {
		float mean[eight] = {}, square[eight] = {};
		float n = 0;
		for (int i = at; i < b.n; i += b.step) {
			float v[eight];
			load(v, p.x.at<T>(b.row + i) + first + lane8, channels - lane8);
			float part = 1 / ++n;
#pragma unroll
			for (int k = 0; k < eight; k++) { // after Welford
				float d = v[k] - mean[k];
				mean[k] = fmaf(d, part, mean[k]);
				square[k] = fmaf(d, v[k] - mean[k], square[k]);
			}
		}
#pragma unroll
		for (int k = 0; k < eight; k++) {
			means[threadIdx.x * eight + k] = mean[k];
			squares[threadIdx.x * eight + k] = square[k];
		}
	}
	__syncthreads();
	for (int c = threadIdx.x; c < channels; c += blockDim.x) {
		Moments all = {};
		for (int i = 0; i < least(b.step, b.n); i++) {
			int k = i * p.lanes * eight + c;
			merge(all, {(float)parts(b.n - i, b.step), means[k], squares[k]});
		}
		means[c] = all.mean, squares[c] = all.squares;
	}
	__syncthreads();
	for (int cell = b.cell + warp(); cell < b.last; cell += blockDim.x / 32) {
		int lo = p.first(cell) - first, hi = p.first(cell + 1) - first;
		float mean = 0, square = 0;
		for (int c = lo + lane(); c < hi; c += 32) mean += means[c];
		mean = warp_sum(mean) / (hi - lo);
		for (int c = lo + lane(); c < hi; c += 32) square += fmaf(b.n * (means[c] - mean), means[c] - mean, squares[c]);
		square = warp_sum(square);
		if (lane() == 0) p.parts[((i64)b.item * p.chunks + b.chunk) * p.cells() + cell] = {(float)b.n * (hi - lo), mean, square};
	}
}

// registers: 64
extern "C" __global__ void __launch_bounds__(256) groupnorm_moments_f32(const __grid_constant__ GroupNorm p) { moments<float>(p); }

// registers: 64
extern "C" __global__ void __launch_bounds__(256) groupnorm_moments_bf16(const __grid_constant__ GroupNorm p) { moments<bf16>(p); }

// A warp merges the parts of a group.
// registers: 40
extern "C" __global__ void __launch_bounds__(32) groupnorm_merge(const __grid_constant__ GroupNorm p) {
	int item = blockIdx.x / p.groups, group = blockIdx.x % p.groups;
	const Moments *parts = p.parts + (i64)item * p.chunks * p.cells() + group * p.pieces;
	Moments all = {};
	for (int i = lane(); i < p.chunks * p.pieces; i += 32) merge(all, parts[(i64)(i / p.pieces) * p.cells() + i % p.pieces]);
#pragma unroll
	for (int step = 16; step > 0; step /= 2) {
		Moments other = {__shfl_xor_sync(ALL, all.n, step), __shfl_xor_sync(ALL, all.mean, step), __shfl_xor_sync(ALL, all.squares, step)};
		merge(all, other);
	}
	if (lane() == 0) p.norms[blockIdx.x] = make_float2(all.mean, 1 / sqrtf(all.squares / all.n + p.eps));
}

template <class T> DEVICE void apply(const GroupNorm &p) {
	const Block b(p);
	int first = p.first(b.cell) + threadIdx.x % p.lanes * eight, n = p.first(b.last) - first, at = threadIdx.x / p.lanes;
	if (n <= 0 || at >= b.step) return;
	float mean[eight], scale[eight], beta[eight];
	load(scale, p.gamma, b.item, first, n, 1);
	load(beta, p.beta, b.item, first, n, 0);
#pragma unroll
	for (int k = 0; k < eight; k++) {
		float2 norm = p.norms[b.item * p.groups + least(first + k, p.groups * p.group - 1) / p.group];
		mean[k] = norm.x;
		scale[k] *= norm.y;
	}
	for (int i = at; i < b.n; i += b.step) {
		float v[eight];
		load(v, p.x.at<T>(b.row + i) + first, n);
#pragma unroll
		for (int k = 0; k < eight; k++) v[k] = activate(p.act, fmaf(v[k] - mean[k], scale[k], beta[k]));
		store(p.dst.at<T>(b.row + i) + first, v, n);
	}
}

// registers: 80
extern "C" __global__ void __launch_bounds__(256) groupnorm_apply_f32(const __grid_constant__ GroupNorm p) { apply<float>(p); }

// registers: 80
extern "C" __global__ void __launch_bounds__(256) groupnorm_apply_bf16(const __grid_constant__ GroupNorm p) { apply<bf16>(p); }
