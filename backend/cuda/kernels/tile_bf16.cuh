// A tile of a product of BF16 matrices on tensor cores.
#pragma once
#include "product.cuh"

// A block computes ROWS×COLUMNS sums, each of its warps DOWN×ACROSS of them. K passes by in steps of DEPTH, of which STAGES are in
// shared memory or on their way there.
template <int ROWS_, int COLUMNS_, int DOWN_, int ACROSS_, bool WIDE_> struct TileBF16 {
	enum {
		ROWS = ROWS_, COLUMNS = COLUMNS_, DOWN = DOWN_, ACROSS = ACROSS_,
		WIDE = WIDE_, // rows of all operands begin at multiples of what a thread reads at once
		THREADS = ROWS / DOWN * (COLUMNS / ACROSS) * 32,
		DEPTH = 32, STAGES = 3, GROUPS = DEPTH / 16,
		ROW_BYTES = DEPTH * 2,
		STAGE_BYTES = (ROWS + COLUMNS) * ROW_BYTES,
		PITCH = ACROSS + 8, // of sums in shared memory: rows begin in other banks
	};
	typedef Share<ROWS, THREADS, 8> X;
	typedef Share<COLUMNS, THREADS, 8> W;

	// A Group is what a warp multiplies at once: 16 columns of its rows of x and of w.
	struct Group { u32 x[DOWN / 16][4], w[ACROSS / 16][4]; };

	float sums[DOWN / 16][ACROSS / 8][4];

	// slot is where a chunk of a row lies. Eight rows that a tensor core reads at once are in different banks.
	static DEVICE u32 slot(int row, int chunk) { return row * ROW_BYTES + (chunk ^ row / 2 % CHUNKS) * 16; }

	static DEVICE int top() { return warp() / (COLUMNS / ACROSS) * DOWN; }
	static DEVICE int left() { return warp() % (COLUMNS / ACROSS) * ACROSS; }

	// accumulate sums up K products. x and w bring their parts of a step to shared memory: what begin starts is there once the
	// copies have been waited for, or when end returns. Of what lies behind K they bring zeros. While a group is multiplied, the
	// next one is fetched, that of the next step, too.
	template <class X, class W> DEVICE void accumulate(X &x, W &w, int k, u32 shared) {
#pragma unroll
		for (int i = 0; i < DOWN / 16; i++)
#pragma unroll
			for (int j = 0; j < ACROSS / 8; j++) sums[i][j][0] = sums[i][j][1] = sums[i][j][2] = sums[i][j][3] = 0;
#pragma unroll 1
		for (int i = 0; i < STAGES; i++) {
			u32 stage = shared + i * STAGE_BYTES;
			x.begin(stage, i * DEPTH);
			w.begin(stage + ROWS * ROW_BYTES, i * DEPTH);
			commit();
			w.end(stage + ROWS * ROW_BYTES);
		}
		wait<STAGES - 1>();
		__syncthreads();
		Group group;
		u32 stage = shared;
		fetch(group, stage);
#pragma unroll 1
		for (int at = 0; at < k; at += DEPTH) {
#pragma unroll
			for (int i = 1; i < GROUPS; i++) multiply(group, stage, i);
			u32 next = stage + STAGE_BYTES < shared + STAGES * STAGE_BYTES ? stage + STAGE_BYTES : shared;
			wait<STAGES - 2>();
			__syncthreads(); // the next step is here, and all have fetched this one
			x.begin(stage, at + STAGES * DEPTH);
			w.begin(stage + ROWS * ROW_BYTES, at + STAGES * DEPTH);
			commit();
			multiply(group, next, 0);
			w.end(stage + ROWS * ROW_BYTES);
			stage = next;
		}
		wait<0>();
		__syncthreads();
	}

	// fetch_x and fetch_w read 16 rows of group i: of w, the two halves of 8 columns, then those of the next.
	static DEVICE void fetch_x(u32 (&x)[4], u32 stage, int i, int row) {
		load_matrices(x, stage + (slot(top() + lane() % 16, lane() / 16) ^ i * 32) + row * ROW_BYTES);
	}
	static DEVICE void fetch_w(u32 (&w)[4], u32 stage, int i, int row) {
		load_matrices(w, stage + (slot(left() + lane() / 16 * 8 + lane() % 8, lane() / 8 % 2) ^ i * 32) + (ROWS + row) * ROW_BYTES);
	}
	DEVICE void fetch(Group &g, u32 stage) {
#pragma unroll
		for (int i = 0; i < DOWN / 16; i++) fetch_x(g.x[i], stage, 0, i * 16);
#pragma unroll
		for (int j = 0; j < ACROSS / 16; j++) fetch_w(g.w[j], stage, 0, j * 16);
	}

	// multiply adds the products of a group. What has been multiplied for the last time is fetched of the next: group i of a stage.
	DEVICE void multiply(Group &g, u32 stage, int next) {
#pragma unroll
		for (int j = 0; j < ACROSS / 16; j++) {
#pragma unroll
			for (int i = 0; i < DOWN / 16; i++) {
				::multiply(sums[i][2 * j], g.x[i], g.w[j][0], g.w[j][1]);
				::multiply(sums[i][2 * j + 1], g.x[i], g.w[j][2], g.w[j][3]);
				if (j == ACROSS / 16 - 1) fetch_x(g.x[i], stage, next, i * 16);
			}
			fetch_w(g.w[j], stage, next, j * 16);
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

// place is where chunk i of a share lies in a stage: all of them in rows whose slots differ by their rows alone.
template <class Tile, class Share> DEVICE u32 place(int i) {
	return Tile::slot(Share::row(0), Share::chunk()) + i * (Tile::THREADS / CHUNKS) * Tile::ROW_BYTES;
}

// BF16 numbers are copied as they are.
template <class Tile, class Share, class Source> struct SlabBF16<Tile, Share, Source, bf16> {
	Source from;

	DEVICE void begin(u32 to, int k) {
		k += Share::chunk() * 8;
		if (Tile::WIDE || from.wide) {
#pragma unroll
			for (int i = 0; i < Share::COUNT; i++) {
				if (!Share::has(i)) break;
				int n;
				const bf16 *p = from.span(i, k, n);
				copy_async(to + place<Tile, Share>(i), p, n * 2);
			}
		} else {
#pragma unroll
			for (int i = 0; i < Share::COUNT; i++) {
				if (!Share::has(i)) break;
				u32 x[4];
#pragma unroll
				for (int e = 0; e < 4; e++) x[e] = from.element(i, k + 2 * e).bits | (u32)from.element(i, k + 2 * e + 1).bits << 16;
				store_shared(to + place<Tile, Share>(i), {x[0], x[1], x[2], x[3]});
			}
		}
		from.advance(Tile::DEPTH);
	}
	DEVICE void end(u32 to) {}
};

// I8 numbers are held while a group is multiplied.
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
			if ((Tile::WIDE || from.wide) && n == 8) {
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
			store_shared(to + place<Tile, Share>(i), {pair(lo[0], lo[1]), pair(lo[2], lo[3]), pair(hi[0], hi[1]), pair(hi[2], hi[3])});
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

// The tiles, and their shared memory. Of large ones two blocks fit on a multiprocessor, of medium ones three and of the others four; of
// medium, tall and flat ones there is one less where there are only 100 KB of shared memory.
typedef TileBF16<128, 128, 32, 64, true> LargeBF16; // 48 KB
typedef TileBF16<128, 64, 64, 32, true> MediumBF16; // 36 KB
typedef TileBF16<64, 64, 32, 32, false> SmallBF16;  // 24 KB
typedef TileBF16<128, 32, 32, 32, false> TallBF16;  // 30 KB
typedef TileBF16<16, 128, 16, 32, false> FlatBF16;  // 27 KB
