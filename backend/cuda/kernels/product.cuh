// Products of matrices in steps along K: who reads what, and which tile a block computes.
#pragma once
#include "epilogue.cuh"

// The parameter of the products of matrices.
struct ProductArgs {
	Rows x, w; // [M, K], [N, K]
	Epilogue end;
	int k;
	int wide_x, wide_w; // rows begin at multiples of what a thread reads at once
};

extern __shared__ __align__(16) float shared[];

enum { CHUNKS = 4 }; // of what a step takes of one row

// A Share is what a thread reads of ROWS rows in each step: COUNT chunks of SIZE numbers, all in the same place of their rows.
template <int ROWS, int THREADS, int SIZE_> struct Share {
	enum { SIZE = SIZE_, COUNT = (ROWS * CHUNKS + THREADS - 1) / THREADS };

	static DEVICE int chunk() { return threadIdx.x % CHUNKS; }
	static DEVICE int row(int i) { return (i * THREADS + threadIdx.x) / CHUNKS; }
	static DEVICE bool has(int i) { return ROWS * CHUNKS % THREADS == 0 || row(i) < ROWS; }
};

// A Matrix is where a thread finds its share of the rows from first on. What is beyond the last row or column is zero, and what no
// number is copied of is the first row. Columns pass by in order; advance says so to sources that count along.
template <class T, class Share> struct Matrix {
	typedef T Type;
	const T *from[Share::COUNT];
	u32 there; // a bit for each row that there is
	int k;
	bool wide;

	DEVICE Matrix(const Rows &m, u32 first, u32 rows, int k, bool wide) : there(0), k(k), wide(wide) {
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			u32 r = first + Share::row(i);
			from[i] = m.at<T>(r < rows ? r : 0);
			there |= (r < rows) << i;
		}
	}

	// span returns where chunk i of column at is, and how many numbers of it there are.
	DEVICE const T *span(int i, int at, int &n) const {
		n = there >> i & 1 && at < k ? least(Share::SIZE, k - at) : 0;
		return from[i] + (n ? at : 0);
	}
	DEVICE void advance(int) {}
	DEVICE T element(int i, int at) const { return there >> i & 1 && at < k ? from[i][at] : T{}; }
};

// tile_of says where the tile that the block computes begins. Those of BAND rows of tiles follow each other, so that blocks which
// run at the same time share what they read.
template <class Tile> DEVICE void tile_of(const Epilogue &end, u32 &row, u32 &column) {
	const u32 BAND = 8;
	u32 down = parts(end.rows, Tile::ROWS), across = parts(end.columns, Tile::COLUMNS);
	u32 first = blockIdx.x / (BAND * across) * BAND, i = blockIdx.x % (BAND * across);
	u32 height = min(BAND, down - first);
	row = (first + i % height) * Tile::ROWS;
	column = i / height * Tile::COLUMNS;
}
