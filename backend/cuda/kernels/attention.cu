// Attention on tensor cores, for heads of up to 128 numbers. Scores never leave the registers: what is known of a query's softmax is
// corrected as its keys pass by.
#include "attention.cuh"

extern __shared__ __align__(16) u8 shared[];

// A Flash is a block of four warps, each with TILES·16 queries. D is that of q, k and v, with zeros behind. KEYS pass by at a time.
template <int D, int TILES, int KEYS> struct Flash {
	enum { THREADS = 128, QUERIES = 64 * TILES, CHUNKS = D / 8, ROW_BYTES = 2 * D };

	const AttentionArgs &a;
	u32 head, batch;
	float out[TILES][D / 8][4];
	float scores[TILES][KEYS / 8][4];
	float top[TILES][2], sum[TILES][2]; // of rows lane/4 and lane/4+8 of a tile; sums are of this lane's keys

	// slot is where a chunk of a row lies. Eight rows that a tensor core reads at once are in different banks.
	static DEVICE u32 slot(int row, int chunk) { return row * ROW_BYTES + (chunk ^ row % 8) * 16; }

	// query returns the first query of a tile.
	DEVICE int query(int tile) const { return blockIdx.x * QUERIES + (warp() * TILES + tile) * 16; }

	// load brings rows first to first+ROWS of n to shared memory. A thread has the same chunk of every STEP-th row.
	template <int ROWS> DEVICE void load(u32 to, const bf16 *from, i64 stride, int first, int n, int d, bool wide) {
		constexpr int STEP = THREADS / CHUNKS; // a multiple of 8
		int row = threadIdx.x / CHUNKS, chunk = threadIdx.x % CHUNKS, have = least(8, most(0, d - chunk * 8));
		const bf16 *nothing = from; // is copied, but addresses are to be good
		from += (first + row) * stride + chunk * 8;
		to += slot(row, chunk);
		if (wide) {
#pragma unroll
			for (int i = 0; i < ROWS; i += STEP, from += STEP * stride) {
				bool any = first + row + i < n && have > 0;
				copy_async(to + i * ROW_BYTES, any ? from : nothing, any ? have * 2 : 0);
			}
			return;
		}
#pragma unroll 1
		for (int i = 0; i < ROWS; i += STEP, from += STEP * stride) {
			u32 x[4] = {};
#pragma unroll
			for (int e = 0; e < 8; e++)
				if (first + row + i < n && e < have) x[e / 2] |= (u32)from[e].bits << e % 2 * 16;
			store_shared(to + i * ROW_BYTES, {x[0], x[1], x[2], x[3]});
		}
	}

	DEVICE void run() {
		u32 q = shared_address(shared), k = q + QUERIES * ROW_BYTES, v = k + KEYS * ROW_BYTES;
		const bf16 *from_k = a.k.of<bf16>(batch, head), *from_v = a.v.of<bf16>(batch, head);
		begin();
		int seen = a.seen((blockIdx.x + 1) * QUERIES);
		bool active = query(0) < a.queries;
		load<QUERIES>(q, a.q.of<bf16>(batch, head), a.q.row, blockIdx.x * QUERIES, a.queries, a.d, a.wide_q);
		load<KEYS>(k, from_k, a.k.row, 0, seen, a.d, a.wide_k);
		commit();
#pragma unroll 1
		for (int first = 0; first < seen; first += KEYS) {
			wait<0>();
			__syncthreads(); // k is here, v has been used
			load<KEYS>(v, from_v, a.v.row, first, seen, a.dv, a.wide_v);
			commit();
			if (active) compare(q, k);
			__syncthreads(); // k has been used
			if (first + KEYS < seen) load<KEYS>(k, from_k, a.k.row, first + KEYS, seen, a.d, a.wide_k);
			commit();
			if (active) weigh(first);
			wait<1>();
			__syncthreads(); // v is here
			if (active) gather(v);
		}
		if (active) finish();
	}

	DEVICE void begin() {
#pragma unroll
		for (int i = 0; i < TILES; i++) {
#pragma unroll
			for (int j = 0; j < D / 8; j++) out[i][j][0] = out[i][j][1] = out[i][j][2] = out[i][j][3] = 0;
			top[i][0] = top[i][1] = -infinity();
			sum[i][0] = sum[i][1] = 0;
		}
	}

	// compare computes q·kᵀ.
	DEVICE void compare(u32 q, u32 k) {
#pragma unroll
		for (int i = 0; i < TILES; i++)
#pragma unroll
			for (int j = 0; j < KEYS / 8; j++) scores[i][j][0] = scores[i][j][1] = scores[i][j][2] = scores[i][j][3] = 0;
#pragma unroll
		for (int depth = 0; depth < CHUNKS; depth += 2) {
			u32 x[TILES][4];
#pragma unroll
			for (int i = 0; i < TILES; i++) load_matrices(x[i], q + slot((warp() * TILES + i) * 16 + lane() % 16, depth + lane() / 16));
#pragma unroll
			for (int j = 0; j < KEYS / 16; j++) {
				u32 y[4];
				load_matrices(y, k + slot(j * 16 + lane() / 16 * 8 + lane() % 8, depth + lane() / 8 % 2));
#pragma unroll
				for (int i = 0; i < TILES; i++) {
					multiply(scores[i][2 * j], x[i], y[0], y[1]);
					multiply(scores[i][2 * j + 1], x[i], y[2], y[3]);
				}
			}
		}
	}

	// score makes base-2 logarithms of weights of the products of a row of a tile.
	DEVICE void score(int i, int half, int first) {
		const float LOG2E = 1.44269504f;
		int row = query(i) + lane() / 4 + 8 * half, key = first + lane() % 4 * 2; // of the first number
		int seen = a.seen(row + 1) - key;
#pragma unroll
		for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
			for (int e = 0; e < 2; e++) scores[i][j][2 * half + e] *= a.scale * LOG2E;
		if (a.bias && row < a.queries) {
			const float *bias = a.bias + head * a.bias_head + row * a.bias_row + key;
#pragma unroll
			for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
				for (int e = 0; e < 2; e++)
					if (j * 8 + e < seen) scores[i][j][2 * half + e] += bias[j * 8 + e] * LOG2E;
		}
		if (first + KEYS > a.seen(query(i) + 1)) {
#pragma unroll
			for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
				for (int e = 0; e < 2; e++)
					if (j * 8 + e >= seen) scores[i][j][2 * half + e] = -infinity();
		}
	}

	// weigh turns products into weights 2^(score - top), and shrinks what there is by what top has grown.
	DEVICE void weigh(int first) {
#pragma unroll
		for (int i = 0; i < TILES; i++)
#pragma unroll
			for (int half = 0; half < 2; half++) {
				score(i, half, first);
				float above = top[i][half];
#pragma unroll
				for (int j = 0; j < KEYS / 8; j++) above = fmaxf(above, fmaxf(scores[i][j][2 * half], scores[i][j][2 * half + 1]));
				above = fmaxf(above, __shfl_xor_sync(ALL, above, 1));
				above = fmaxf(above, __shfl_xor_sync(ALL, above, 2));
				float base = above == -infinity() ? 0 : above; // no key so far is seen, and 2^(-∞ - 0) is the weight 0
				float shrink = exp2_approx(top[i][half] - base);
				top[i][half] = above;
				sum[i][half] *= shrink;
#pragma unroll
				for (int j = 0; j < D / 8; j++) out[i][j][2 * half] *= shrink, out[i][j][2 * half + 1] *= shrink;
#pragma unroll
				for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
					for (int e = 0; e < 2; e++) {
						float &s = scores[i][j][2 * half + e];
						s = exp2_approx(s - base);
						sum[i][half] += s;
					}
			}
	}

	// gather adds the values, by their weights.
	DEVICE void gather(u32 v) {
#pragma unroll
		for (int k = 0; k < KEYS / 16; k++) {
			u32 p[TILES][4];
#pragma unroll
			for (int i = 0; i < TILES; i++)
#pragma unroll
				for (int e = 0; e < 4; e++) p[i][e] = pair(scores[i][2 * k + e / 2][e % 2 * 2], scores[i][2 * k + e / 2][e % 2 * 2 + 1]);
#pragma unroll
			for (int j = 0; j < D / 16; j++) {
				u32 y[4];
				load_transposed(y, v + slot(k * 16 + lane() % 16, 2 * j + lane() / 16));
#pragma unroll
				for (int i = 0; i < TILES; i++) {
					multiply(out[i][2 * j], p[i], y[0], y[1]);
					multiply(out[i][2 * j + 1], p[i], y[2], y[3]);
				}
			}
		}
	}

	DEVICE void finish() {
#pragma unroll
		for (int i = 0; i < TILES; i++)
#pragma unroll
			for (int half = 0; half < 2; half++) {
				float all = sum[i][half];
				all += __shfl_xor_sync(ALL, all, 1);
				all += __shfl_xor_sync(ALL, all, 2);
				float scale = 1 / all;
				int row = query(i) + lane() / 4 + 8 * half;
				if (row >= a.queries) continue;
				bf16 *to = (bf16 *)a.dst + batch * a.batch + row * a.row + head * a.dv;
#pragma unroll
				for (int j = 0; j < D / 8; j++) {
					int column = j * 8 + lane() % 4 * 2;
					if (column < a.dv) put_two(to + column, {out[i][j][2 * half] * scale, out[i][j][2 * half + 1] * scale}, column + 1 < a.dv);
				}
			}
	}
};

template <int D, int TILES, int KEYS> DEVICE void attention(const AttentionArgs &a) {
	Flash<D, TILES, KEYS> f = {a, blockIdx.y, blockIdx.z};
	f.run();
}

// Shared memory: 32 KB for large64, 24 for small64, 56 for large128, 48 for small128. Two blocks of a large one fit on a multiprocessor
// and three of a small one, by registers; where there are only 100 KB of shared memory, one of large128 and two of small128.

// registers: 224
extern "C" __global__ void __launch_bounds__(128, 2) attention_large64_bf16(AttentionArgs a) { attention<64, 2, 64>(a); }

// registers: 255
extern "C" __global__ void __launch_bounds__(128, 2) attention_large128_bf16(AttentionArgs a) { attention<128, 2, 48>(a); }

// registers: 144
extern "C" __global__ void __launch_bounds__(128, 3) attention_small64_bf16(AttentionArgs a) { attention<64, 1, 64>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(128, 3) attention_small128_bf16(AttentionArgs a) { attention<128, 1, 64>(a); }
