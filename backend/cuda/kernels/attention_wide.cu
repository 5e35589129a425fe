// Attention on tensor cores, for heads of up to 512 numbers: too many for the sums of a query to be in the registers of one warp. A
// block has a warp for each 64 numbers of a head. What warps know of the products of queries and keys adds up in shared memory.
#include "attention.cuh"

extern __shared__ __align__(16) u8 shared[];

// A Wide is a block that has 64 queries. KEYS pass by at a time. A warp has its numbers of the queries in registers, and of out.
struct Wide {
	enum { QUERIES = 64, KEYS = 16, TILES = QUERIES / 16, SLICE = 64, CHUNKS = SLICE / 8, PITCH = 24 };

	const AttentionArgs &a;
	u32 head, batch;
	int warps, row_bytes;
	u32 queries[TILES][SLICE / 16][4];
	float out[TILES][SLICE / 8][4];

	// What is in shared memory: KEYS rows of k and of v, weights, products of each warp, and what is known of a query's softmax.
	u32 k, v, weights;
	float *products, *top, *sum, *shrink;

	DEVICE Wide(const AttentionArgs &a) : a(a), head(blockIdx.y), batch(blockIdx.z), warps(blockDim.x / 32), row_bytes(warps * SLICE * 2) {
		k = shared_address(shared), v = k + KEYS * row_bytes, weights = v + KEYS * row_bytes;
		products = (float *)(shared + 2 * KEYS * row_bytes + QUERIES * KEYS * 2);
		top = products + warps * QUERIES * PITCH, sum = top + QUERIES, shrink = sum + QUERIES;
	}

	// slot is where a chunk of a row of k or v lies, weight_slot that of a row of weights. Eight rows that a tensor core reads at
	// once are in different banks.
	DEVICE u32 slot(int row, int chunk) const { return row * row_bytes + (chunk ^ row % 8) * 16; }
	static DEVICE u32 weight_slot(int row, int chunk) { return row * KEYS * 2 + (chunk ^ row / 4 % 2) * 16; }

	DEVICE int first() const { return blockIdx.x * QUERIES; }

	DEVICE void run() {
		const bf16 *from_k = a.k.of<bf16>(batch, head), *from_v = a.v.of<bf16>(batch, head);
		int seen = a.seen(first() + QUERIES);
		load(k, from_k, a.k.row, 0, seen, a.d, a.wide_k);
		commit();
		begin();
#pragma unroll 1
		for (int key = 0; key < seen; key += KEYS) {
			wait<0>();
			__syncthreads(); // k is here, v and the weights have been used
			load(v, from_v, a.v.row, key, seen, a.dv, a.wide_v);
			commit();
			compare();
			__syncthreads(); // all products are there, k has been used
			if (key + KEYS < seen) load(k, from_k, a.k.row, key + KEYS, seen, a.d, a.wide_k);
			commit();
			for (int row = 8 * warp(); row < QUERIES; row += 8 * warps) weigh(row + lane() / 4, key);
			wait<1>();
			__syncthreads(); // v is here, and the weights are
			gather();
		}
		finish();
	}

	// load brings rows first to first+KEYS of n to shared memory: each thread a chunk of every fourth.
	DEVICE void load(u32 to, const bf16 *from, i64 stride, int first, int n, int d, bool wide) {
		int row = threadIdx.x / (warps * CHUNKS), chunk = threadIdx.x % (warps * CHUNKS), have = least(8, most(0, d - chunk * 8));
		const bf16 *nothing = from; // is copied, but addresses are to be good
		from += (first + row) * stride + chunk * 8;
		if (wide) {
#pragma unroll
			for (int i = 0; i < KEYS; i += 4, from += 4 * stride) {
				bool any = first + row + i < n && have > 0;
				copy_async(to + slot(row + i, chunk), any ? from : nothing, any ? have * 2 : 0);
			}
			return;
		}
#pragma unroll 1
		for (int i = 0; i < KEYS; i += 4, from += 4 * stride) {
			u32 x[4] = {};
#pragma unroll
			for (int e = 0; e < 8; e++)
				if (first + row + i < n && e < have) x[e / 2] |= (u32)from[e].bits << e % 2 * 16;
			store_shared(to + slot(row + i, chunk), {x[0], x[1], x[2], x[3]});
		}
	}

	// begin reads the queries.
	DEVICE void begin() {
		const bf16 *from = a.q.of<bf16>(batch, head);
#pragma unroll
		for (int i = 0; i < TILES; i++) {
#pragma unroll
			for (int j = 0; j < SLICE / 8; j++) out[i][j][0] = out[i][j][1] = out[i][j][2] = out[i][j][3] = 0;
#pragma unroll
			for (int j = 0; j < SLICE / 16; j++)
#pragma unroll
				for (int e = 0; e < 4; e++) {
					int row = first() + i * 16 + lane() / 4 + e % 2 * 8, column = warp() * SLICE + j * 16 + lane() % 4 * 2 + e / 2 * 8;
					const bf16 *p = from + row * a.q.row + column;
					u32 lo = row < a.queries && column < a.d ? p[0].bits : 0, hi = row < a.queries && column + 1 < a.d ? p[1].bits : 0;
					queries[i][j][e] = lo | hi << 16;
				}
		}
		for (int i = threadIdx.x; i < QUERIES; i += blockDim.x) top[i] = -infinity(), sum[i] = 0;
	}

	// compare computes the part of q·kᵀ that the numbers of this warp make, for eight keys at a time.
	DEVICE void compare() {
#pragma unroll
		for (int keys = 0; keys < KEYS; keys += 8) {
			float s[TILES][4] = {};
#pragma unroll
			for (int j = 0; j < SLICE / 16; j += 2) {
				u32 y[4];
				load_matrices(y, k + slot(keys + lane() % 8, warp() * CHUNKS + 2 * j + lane() / 8));
#pragma unroll
				for (int i = 0; i < TILES; i++) {
					multiply(s[i], queries[i][j], y[0], y[1]);
					multiply(s[i], queries[i][j + 1], y[2], y[3]);
				}
			}
#pragma unroll
			for (int i = 0; i < TILES; i++)
#pragma unroll
				for (int half = 0; half < 2; half++)
					*product(warp(), i * 16 + half * 8 + lane() / 4, keys / 8) = {s[i][2 * half], s[i][2 * half + 1]};
		}
	}

	// product is where what a warp knows of a query and two of its keys is.
	DEVICE float2 *product(int warp, int row, int j) const { return (float2 *)&products[(warp * QUERIES + row) * PITCH + j * 8 + lane() % 4 * 2]; }

	// weigh turns products of a query into weights 2^(score - top). A quarter of them is this lane's.
	DEVICE void weigh(int row, int key) {
		const float LOG2E = 1.44269504f;
		float s[4] = {};
		for (int w = 0; w < warps; w++)
#pragma unroll
			for (int j = 0; j < 2; j++) {
				float2 x = *product(w, row, j);
				s[2 * j] += x.x, s[2 * j + 1] += x.y;
			}
		int query = first() + row, seen = a.seen(query + 1);
		const float *bias = a.bias && query < a.queries ? a.bias + head * a.bias_head + query * a.bias_row : nullptr;
		float before = top[row], above = before;
#pragma unroll
		for (int e = 0; e < 4; e++) {
			int at = key + e / 2 * 8 + lane() % 4 * 2 + e % 2;
			s[e] *= a.scale * LOG2E;
			if (bias && at < seen) s[e] += bias[at] * LOG2E;
			if (at >= seen) s[e] = -infinity();
			above = fmaxf(above, s[e]);
		}
		above = fmaxf(above, __shfl_xor_sync(ALL, above, 1));
		above = fmaxf(above, __shfl_xor_sync(ALL, above, 2));
		float base = above == -infinity() ? 0 : above; // no key so far is seen, and 2^(-∞ - 0) is the weight 0
		float more = 0;
#pragma unroll
		for (int e = 0; e < 4; e++) more += s[e] = exp2_approx(s[e] - base);
		more += __shfl_xor_sync(ALL, more, 1);
		more += __shfl_xor_sync(ALL, more, 2);
#pragma unroll
		for (int j = 0; j < 2; j++) store_shared(weights + weight_slot(row, j) + lane() % 4 * 4, pair(s[2 * j], s[2 * j + 1]));
		__syncwarp(); // the others have read top
		if (lane() % 4) return;
		float less = exp2_approx(before - base);
		top[row] = above, sum[row] = sum[row] * less + more, shrink[row] = less;
	}

	// gather shrinks what there is by what top has grown, and adds the values by their weights.
	DEVICE void gather() {
		u32 p[TILES][4];
#pragma unroll
		for (int i = 0; i < TILES; i++) {
			load_matrices(p[i], weights + weight_slot(i * 16 + lane() % 16, lane() / 16));
#pragma unroll
			for (int half = 0; half < 2; half++) {
				float less = shrink[i * 16 + half * 8 + lane() / 4];
#pragma unroll
				for (int j = 0; j < SLICE / 8; j++) out[i][j][2 * half] *= less, out[i][j][2 * half + 1] *= less;
			}
		}
#pragma unroll
		for (int j = 0; j < SLICE / 16; j++) {
			u32 y[4];
			load_transposed(y, v + slot(lane() % 16, warp() * CHUNKS + 2 * j + lane() / 16));
#pragma unroll
			for (int i = 0; i < TILES; i++) {
				multiply(out[i][2 * j], p[i], y[0], y[1]);
				multiply(out[i][2 * j + 1], p[i], y[2], y[3]);
			}
		}
	}

	DEVICE void finish() {
#pragma unroll
		for (int i = 0; i < TILES; i++)
#pragma unroll
			for (int half = 0; half < 2; half++) {
				int row = i * 16 + half * 8 + lane() / 4, query = first() + row;
				if (query >= a.queries) continue;
				float scale = 1 / sum[row];
				bf16 *to = (bf16 *)a.dst + batch * a.batch + query * a.row + head * a.dv;
#pragma unroll
				for (int j = 0; j < SLICE / 8; j++) {
					int column = warp() * SLICE + j * 8 + lane() % 4 * 2;
					if (column < a.dv) put_two(to + column, {out[i][j][2 * half] * scale, out[i][j][2 * half + 1] * scale}, column + 1 < a.dv);
				}
			}
	}
};

// Shared memory: 83 KB for heads of 512.

// registers: 255
extern "C" __global__ void __launch_bounds__(256) attention_wide_bf16(AttentionArgs a) { Wide(a).run(); }
