// A tile of a product of BF16 matrices on tensor cores.
#pragma once
#include "product.cuh"

// A block computes ROWS×COLUMNS sums, each of its warps DOWN×ACROSS of them. K passes by in steps of DEPTH, of which STAGES are in
// shared memory: one is computed while the others arrive.
template <int ROWS_, int COLUMNS_, int DOWN_, int ACROSS_> struct TileBF16 {
	enum {
		ROWS = ROWS_, COLUMNS = COLUMNS_, DOWN = DOWN_, ACROSS = ACROSS_,
		THREADS = ROWS / DOWN * (COLUMNS / ACROSS) * 32,
		DEPTH = 32, STAGES = 3,
		ROW_BYTES = DEPTH * 2,
		STAGE_BYTES = (ROWS + COLUMNS) * ROW_BYTES,
		BYTES = STAGES * STAGE_BYTES,
		PITCH = ACROSS + 8, // of sums in shared memory: rows begin in other banks
	};
	typedef Share<ROWS, THREADS, 8> X;
	typedef Share<COLUMNS, THREADS, 8> W;

	float sums[DOWN / 16][ACROSS / 8][4];

	// slot is where a chunk of a row lies. Eight rows that a tensor core reads at once are in different banks.
	static DEVICE u32 slot(int row, int chunk) { return row * ROW_BYTES + (chunk ^ row / 2 % CHUNKS) * 16; }

	static DEVICE int top() { return warp() / (COLUMNS / ACROSS) * DOWN; }
	static DEVICE int left() { return warp() % (COLUMNS / ACROSS) * ACROSS; }

	// accumulate sums up K products. x and w bring their parts of a step to shared memory: what begin starts is there once the
	// copies have been waited for, or when end returns.
	template <class X, class W> DEVICE void accumulate(X &x, W &w, int k, u32 shared) {
#pragma unroll
		for (int i = 0; i < DOWN / 16; i++)
#pragma unroll
			for (int j = 0; j < ACROSS / 8; j++) sums[i][j][0] = sums[i][j][1] = sums[i][j][2] = sums[i][j][3] = 0;
		int steps = (int)parts(k, DEPTH);
#pragma unroll 1
		for (int step = 1 - STAGES; step < steps; step++) {
			int next = step + STAGES - 1;
			u32 stage = shared + next % STAGES * STAGE_BYTES;
			if (step >= 0) {
				wait<STAGES - 2>();
				__syncthreads(); // it is here, and what next overwrites has been read
			}
			if (next < steps) {
				x.begin(stage, next * DEPTH);
				w.begin(stage + ROWS * ROW_BYTES, next * DEPTH);
			}
			commit();
			if (step >= 0) advance(shared + step % STAGES * STAGE_BYTES);
			if (next < steps) w.end(stage + ROWS * ROW_BYTES);
		}
		__syncthreads();
	}

	// advance adds the products of one step.
	DEVICE void advance(u32 stage) {
		u32 x = stage, w = stage + ROWS * ROW_BYTES;
#pragma unroll
		for (int depth = 0; depth < DEPTH / 8; depth += 2) {
			u32 a[DOWN / 16][4];
#pragma unroll
			for (int i = 0; i < DOWN / 16; i++) load_matrices(a[i], x + slot(top() + i * 16 + lane() % 16, depth + lane() / 16));
#pragma unroll
			for (int j = 0; j < ACROSS / 16; j++) {
				u32 b[4]; // the two halves of 8 columns, then those of the next
				load_matrices(b, w + slot(left() + j * 16 + lane() / 16 * 8 + lane() % 8, depth + lane() / 8 % 2));
#pragma unroll
				for (int i = 0; i < DOWN / 16; i++) {
					multiply(sums[i][2 * j], a[i], b[0], b[1]);
					multiply(sums[i][2 * j + 1], a[i], b[2], b[3]);
				}
			}
		}
	}

	// finish writes the sums by way of shared memory, 16 rows of each warp at a time. The sums move up, so that one copy of the
	// code does for all.
	DEVICE void finish(const Epilogue &end, u32 row, u32 column, void *shared) {
		float *buffer = (float *)shared + warp() * 16 * PITCH;
		for (int done = 0; done < DOWN; done += 16) {
#pragma unroll
			for (int j = 0; j < ACROSS / 8; j++) {
				float *to = buffer + lane() / 4 * PITCH + j * 8 + lane() % 4 * 2;
				*(float2 *)to = {sums[0][j][0], sums[0][j][1]};
				*(float2 *)(to + 8 * PITCH) = {sums[0][j][2], sums[0][j][3]};
			}
			end.flush<bf16, 16, ACROSS>(buffer, PITCH, row + top() + done, 1, column + left());
#pragma unroll
			for (int i = 1; i < DOWN / 16; i++)
#pragma unroll
				for (int j = 0; j < ACROSS / 8; j++)
#pragma unroll
					for (int e = 0; e < 4; e++) sums[i - 1][j][e] = sums[i][j][e];
		}
	}
};

// A SlabBF16 brings the share of a thread.
template <class Tile, class Share, class Source, class Stored = typename Source::Type> struct SlabBF16;

// BF16 numbers are copied as they are.
template <class Tile, class Share, class Source> struct SlabBF16<Tile, Share, Source, bf16> {
	Source from;

	DEVICE void begin(u32 to, int k) {
		k += Share::chunk() * 8;
		if (from.wide) {
#pragma unroll
			for (int i = 0; i < Share::COUNT; i++) {
				if (!Share::has(i)) break;
				int n;
				const bf16 *p = from.span(i, k, n);
				copy_async(to + Tile::slot(Share::row(i), Share::chunk()), p, n * 2);
			}
		} else {
#pragma unroll
			for (int i = 0; i < Share::COUNT; i++) {
				if (!Share::has(i)) break;
				u32 x[4];
#pragma unroll
				for (int e = 0; e < 4; e++) x[e] = from.element(i, k + 2 * e).bits | (u32)from.element(i, k + 2 * e + 1).bits << 16;
				store_shared(to + Tile::slot(Share::row(i), Share::chunk()), {x[0], x[1], x[2], x[3]});
			}
		}
		from.advance(Tile::DEPTH);
	}
	DEVICE void end(u32 to) {}
};

// I8 numbers are held until the step before has been computed.
template <class Tile, class Share, class Source> struct SlabBF16<Tile, Share, Source, i8> {
	Source from;
	uint2 held[Share::COUNT];

	DEVICE void begin(u32 to, int k) {
		k += Share::chunk() * 8;
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			int n;
			const i8 *p = from.span(i, k, n);
			held[i] = {};
			if (from.wide && n == 8) {
				held[i] = *(const uint2 *)p;
			} else {
#pragma unroll
				for (int e = 0; e < 4; e++) {
					held[i].x |= (u32)(u8)from.element(i, k + e) << 8 * e;
					held[i].y |= (u32)(u8)from.element(i, k + 4 + e) << 8 * e;
				}
			}
		}
	}
	DEVICE void end(u32 to) {
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			if (!Share::has(i)) break;
			float lo[4], hi[4];
			unpack(lo, held[i].x);
			unpack(hi, held[i].y);
			store_shared(to + Tile::slot(Share::row(i), Share::chunk()), {pair(lo[0], lo[1]), pair(lo[2], lo[3]), pair(hi[0], hi[1]), pair(hi[2], hi[3])});
		}
	}
};

// product_bf16 computes a tile. X reads the left operand; Stored is what weights are stored as.
template <class Tile, class X, class Stored, class Args> DEVICE void product_bf16(const Args &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Matrix<Stored, typename Tile::W> W;
	SlabBF16<Tile, typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabBF16<Tile, typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared_address(shared));
	tile.finish(a.end, row, column, shared);
}

// The tiles, and their shared memory. Of large ones, whose threads have up to 255 registers, two blocks fit on a multiprocessor: by
// registers, and by shared memory where there are only 100 KB of it. Of the others four do, or three there.
typedef TileBF16<128, 128, 64, 64> LargeBF16; // 48 KB
typedef TileBF16<64, 64, 32, 32> SmallBF16;   // 24 KB
typedef TileBF16<128, 32, 32, 32> TallBF16;   // 30 KB
typedef TileBF16<16, 128, 16, 32> FlatBF16;   // 27 KB
