// A tile of a product in F32.
#pragma once
#include "product.cuh"

// A block computes ROWS×COLUMNS sums, each thread EACH×EACH of them; a warp is 4×8 threads. K passes by in steps of DEPTH, of which
// one is computed while the next is read.
template <int ROWS_, int COLUMNS_, int EACH_> struct TileF32 {
	enum {
		ROWS = ROWS_, COLUMNS = COLUMNS_, EACH = EACH_,
		DOWN = 4 * EACH, ACROSS = 8 * EACH, // of a warp
		THREADS = ROWS / DOWN * (COLUMNS / ACROSS) * 32,
		DEPTH = 16, STAGES = 2,
		PITCH_X = ROWS + 4, PITCH_W = COLUMNS + 4, // floats of a k: neighbours begin in other banks
		STAGE = DEPTH * (PITCH_X + PITCH_W),       // floats
		PITCH = ACROSS + 4,                        // of sums in shared memory
	};
	typedef Share<ROWS, THREADS, 4> X;
	typedef Share<COLUMNS, THREADS, 4> W;

	float sums[EACH][EACH];

	static DEVICE int top() { return warp() / (COLUMNS / ACROSS) * DOWN; }
	static DEVICE int left() { return warp() % (COLUMNS / ACROSS) * ACROSS; }

	// accumulate sums up K products. x and w bring their parts of a step: begin reads, end writes to shared memory.
	template <class X, class W> DEVICE void accumulate(X &x, W &w, int k, float *shared) {
#pragma unroll
		for (int i = 0; i < EACH; i++)
#pragma unroll
			for (int j = 0; j < EACH; j++) sums[i][j] = 0;
		int steps = (int)parts(k, DEPTH);
#pragma unroll 1
		for (int step = -1; step < steps; step++) {
			int next = step + 1;
			if (next < steps) {
				x.begin(next * DEPTH);
				w.begin(next * DEPTH);
			}
			if (step >= 0) advance(shared + step % STAGES * STAGE);
			if (next < steps) {
				float *stage = shared + next % STAGES * STAGE;
				x.end(stage, PITCH_X);
				w.end(stage + DEPTH * PITCH_X, PITCH_W);
			}
			__syncthreads();
		}
	}

	// advance adds the products of one step, in order of k.
	DEVICE void advance(const float *stage) {
		const float *x = stage + top() + lane() / 8 * EACH, *w = stage + DEPTH * PITCH_X + left() + lane() % 8 * 4;
#pragma unroll 4
		for (int k = 0; k < DEPTH; k++) {
			float a[EACH], b[EACH];
#pragma unroll
			for (int i = 0; i < EACH; i += 4) {
				*(float4 *)&a[i] = *(const float4 *)&x[k * PITCH_X + i];
				*(float4 *)&b[i] = *(const float4 *)&w[k * PITCH_W + i * 8];
			}
#pragma unroll
			for (int i = 0; i < EACH; i++)
#pragma unroll
				for (int j = 0; j < EACH; j++) sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
		}
	}

	// finish writes the sums by way of shared memory, a row of each thread at a time: four of a warp. The sums move up, so that
	// one copy of the code does for all.
	DEVICE void finish(const Epilogue &end, u32 row, u32 column, float *shared) {
		float *buffer = shared + warp() * 4 * PITCH;
		for (int done = 0; done < EACH; done++) {
#pragma unroll
			for (int j = 0; j < EACH; j += 4)
				*(float4 *)&buffer[lane() / 8 * PITCH + lane() % 8 * 4 + j * 8] = {sums[0][j], sums[0][j + 1], sums[0][j + 2], sums[0][j + 3]};
			end.flush<float, 4, ACROSS>(buffer, PITCH, row + top() + done, EACH, column + left());
#pragma unroll
			for (int i = 1; i < EACH; i++)
#pragma unroll
				for (int j = 0; j < EACH; j++) sums[i - 1][j] = sums[i][j];
		}
	}
};

DEVICE void read4(float (&y)[4], const float *p) { *(float4 *)y = *(const float4 *)p; }
DEVICE void read4(float (&y)[4], const i8 *p) { unpack(y, *(const u32 *)p); }

// A SlabF32 brings the share of a thread, transposed: the numbers of one k are adjacent.
template <class Tile, class Share, class Source> struct SlabF32 {
	Source from;
	float held[Share::COUNT][4];

	DEVICE void begin(int k) {
		k += Share::chunk() * 4;
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			int n;
			auto *p = from.span(i, k, n);
			if (from.wide && n == 4) {
				read4(held[i], p);
			} else {
#pragma unroll
				for (int e = 0; e < 4; e++) held[i][e] = widen(from.element(i, k + e));
			}
		}
		from.advance(Tile::DEPTH);
	}
	DEVICE void end(float *to, int pitch) {
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			if (!Share::has(i)) break;
#pragma unroll
			for (int e = 0; e < 4; e++) to[(Share::chunk() * 4 + e) * pitch + Share::row(i)] = held[i][e];
		}
	}
};

// product_f32 computes a tile. X reads the left operand; Stored is what weights are stored as.
template <class Tile, class X, class Stored, class Args> DEVICE void product_f32(const Args &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Matrix<Stored, typename Tile::W> W;
	SlabF32<Tile, typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabF32<Tile, typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared);
	tile.finish(a.end, row, column, shared);
}

// The tiles, and their shared memory.
typedef TileF32<128, 128, 8> LargeF32; // 33 KB
typedef TileF32<32, 32, 4> SmallF32;   // 9 KB
