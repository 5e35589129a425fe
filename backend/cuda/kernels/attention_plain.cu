// Attention in F32, for heads of any size.
#include "attention.cuh"

extern __shared__ __align__(16) float shared[];

enum {
	THREADS = 256,
	KEYS = 64,    // that pass by at a time
	QUERIES = 16, // of a block, at most
	SLICE = 32,   // of a head that is in shared memory for all keys
};

// A Plain is a block of queries. Their sums are in shared memory: a head may have thousands of numbers.
template <class T> struct Plain {
	const AttentionArgs &a;
	u32 head, batch;
	int first, count;           // queries
	float *q, *out;             // [QUERIES, D], [QUERIES, Dv]
	float *keys, *weights;      // [KEYS, SLICE + 1], [KEYS, QUERIES]
	float *top, *sum, *shrink;  // [QUERIES]

	DEVICE Plain(const AttentionArgs &a) : a(a), head(blockIdx.y), batch(blockIdx.z) {
		first = blockIdx.x * a.each;
		count = least(a.each, a.queries - first);
		weights = shared, keys = weights + KEYS * QUERIES;
		top = keys + KEYS * (SLICE + 1), sum = top + QUERIES, shrink = sum + QUERIES;
		q = shrink + QUERIES, out = q + a.each * a.d;
	}

	DEVICE void run() {
		begin();
		int seen = a.seen(first + count);
		for (int key = 0; key < seen; key += KEYS) {
			compare(key, seen);
			__syncthreads();
			weigh();
			__syncthreads();
			gather(key, least(KEYS, seen - key));
		}
		finish();
	}

	DEVICE void begin() {
		const T *from = a.q.of<T>(batch, head) + first * a.q.row;
		for (int i = threadIdx.x; i < count * a.d; i += THREADS) q[i] = widen(from[i / a.d * a.q.row + i % a.d]);
		for (int i = threadIdx.x; i < count * a.dv; i += THREADS) out[i] = 0;
		for (int i = threadIdx.x; i < KEYS * QUERIES; i += THREADS) weights[i] = 0;
		if (threadIdx.x < QUERIES) top[threadIdx.x] = -infinity(), sum[threadIdx.x] = 0;
	}

	// compare makes the scores of KEYS keys: a thread those of one key, and of every fourth query.
	DEVICE void compare(int key, int seen) {
		const T *from = a.k.of<T>(batch, head) + key * a.k.row;
		int mine = threadIdx.x % KEYS, row = threadIdx.x / KEYS;
		constexpr int STEP = THREADS / KEYS;
		float product[QUERIES / STEP] = {};
		for (int d = 0; d < a.d; d += SLICE) {
			__syncthreads(); // the slice before has been used
			for (int i = threadIdx.x; i < KEYS * SLICE; i += THREADS) {
				int j = i / SLICE, c = i % SLICE;
				keys[j * (SLICE + 1) + c] = key + j < seen && d + c < a.d ? widen(from[j * a.k.row + d + c]) : 0;
			}
			__syncthreads();
			for (int c = 0; c < least(SLICE, a.d - d); c++) {
				float k = keys[mine * (SLICE + 1) + c];
#pragma unroll
				for (int r = 0; r < QUERIES / STEP; r++)
					if (row + r * STEP < count) product[r] = fmaf(q[(row + r * STEP) * a.d + d + c], k, product[r]);
			}
		}
#pragma unroll
		for (int r = 0; r < QUERIES / STEP; r++)
			if (row + r * STEP < count) weights[mine * QUERIES + row + r * STEP] = score(product[r], first + row + r * STEP, key + mine);
	}

	DEVICE float score(float product, int query, int key) const {
		if (key >= a.seen(query + 1)) return -infinity();
		float s = product * a.scale;
		return a.bias ? s + a.bias[head * a.bias_head + query * a.bias_row + key] : s;
	}

	// weigh turns scores into weights e^(score - top). A warp does a query after another.
	DEVICE void weigh() {
		for (int r = warp(); r < count; r += THREADS / 32) {
			float above = top[r], total = 0;
			for (int j = lane(); j < KEYS; j += 32) above = fmaxf(above, weights[j * QUERIES + r]);
			above = warp_max(above);
			float base = above == -infinity() ? 0 : above; // no key so far is seen, and e^(-∞ - 0) is the weight 0
			for (int j = lane(); j < KEYS; j += 32) total += weights[j * QUERIES + r] = expf(weights[j * QUERIES + r] - base);
			total = warp_sum(total);
			__syncwarp(); // all have read top
			if (lane() == 0) {
				shrink[r] = expf(top[r] - base);
				sum[r] = fmaf(sum[r], shrink[r], total);
				top[r] = above;
			}
		}
	}

	// gather adds n values, by their weights. A thread does a column of all queries after another.
	DEVICE void gather(int key, int n) {
		const T *from = a.v.of<T>(batch, head) + key * a.v.row;
		for (int c = threadIdx.x; c < a.dv; c += THREADS) {
			float y[QUERIES];
#pragma unroll
			for (int r = 0; r < QUERIES; r++) y[r] = r < count ? out[r * a.dv + c] * shrink[r] : 0;
			for (int j = 0; j < n; j++) {
				float v = widen(from[j * a.v.row + c]);
#pragma unroll
				for (int r = 0; r < QUERIES; r += 4) {
					if (r >= count) break;
					float4 p = *(const float4 *)&weights[j * QUERIES + r];
					y[r] = fmaf(p.x, v, y[r]), y[r + 1] = fmaf(p.y, v, y[r + 1]);
					y[r + 2] = fmaf(p.z, v, y[r + 2]), y[r + 3] = fmaf(p.w, v, y[r + 3]);
				}
			}
#pragma unroll
			for (int r = 0; r < QUERIES; r++)
				if (r < count) out[r * a.dv + c] = y[r];
		}
	}

	DEVICE void finish() {
		T *to = (T *)a.dst + batch * a.batch + first * a.row + head * a.dv;
		for (int c = threadIdx.x; c < a.dv; c += THREADS)
			for (int r = 0; r < count; r++) to[r * a.row + c] = narrow<T>(out[r * a.dv + c] / sum[r]);
	}
};

// Up to 77 KB of shared memory, by the size of heads: a block or two on a multiprocessor.

// registers: 128
extern "C" __global__ void __launch_bounds__(256, 2) attention_plain_f32(AttentionArgs a) { Plain<float>(a).run(); }

// registers: 128
extern "C" __global__ void __launch_bounds__(256, 2) attention_plain_bf16(AttentionArgs a) { Plain<bf16>(a).run(); }
