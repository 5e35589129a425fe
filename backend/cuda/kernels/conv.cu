// Convolutions as products of matrices: each row of the left one is a patch of the image, of kh·kw·I numbers, found while reading.
#include "tile_bf16.cuh"
#include "tile_f32.cuh"

// An Image is x [B, H, W, I] and how patches lie in it.
struct Image {
	void *data;
	i64 stride[3];     // of B, H, W
	u32 height, width; // as if doubled, if it is
	int doubled;
	u32 channels;
	u32 columns;        // of the kernel
	u32 area, across;   // numbers of dst in an image, and in a row of one
	int step, top, left; // from patch to patch; pads
};

struct ConvArgs {
	Image x;
	Rows w; // [O, kh·kw·I]
	Epilogue end;
	int k;
	int wide_x, wide_w; // channels, rows of w begin at multiples of what a thread reads at once
};

// Patches is where a thread finds its share of the patches from first on. What is outside of the image is zero.
template <class T, class Share> struct Patches {
	typedef T Type;
	const T *image[Share::COUNT];
	int y[Share::COUNT], x[Share::COUNT]; // where the patch begins
	const Image &of;
	int k;
	bool wide;

	DEVICE Patches(const Image &of, u32 first, u32 rows, int k, bool wide) : of(of), k(k), wide(wide) {
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			u32 r = first + Share::row(i), place = r % of.area;
			image[i] = (const T *)of.data + r / of.area * of.stride[0];
			y[i] = r < rows ? (int)(place / of.across) * of.step - of.top : INT_LEAST; // outside
			x[i] = (int)(place % of.across) * of.step - of.left;
		}
	}

	// at returns where number at of patch i is, or null.
	DEVICE const T *at(int i, u32 at) const {
		u32 tap = at / of.channels;
		u32 row = y[i] + (int)(tap / of.columns), column = x[i] + (int)(tap % of.columns);
		if (row >= of.height || column >= of.width || at >= k) return nullptr;
		return image[i] + (row >> of.doubled) * of.stride[1] + (column >> of.doubled) * of.stride[2] + at % of.channels;
	}

	DEVICE const T *span(int i, int k, int &n) const {
		const T *p = at(i, k);
		n = p ? Share::SIZE : 0;
		return p;
	}
	DEVICE T element(int i, int k) const {
		const T *p = at(i, k);
		return p ? *p : T{};
	}

	enum { INT_LEAST = -0x40000000 };
};

extern __shared__ __align__(16) float shared[];

template <class Tile> DEVICE void convolution_bf16(const ConvArgs &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Patches<bf16, typename Tile::X> X;
	typedef Matrix<bf16, typename Tile::W> W;
	SlabBF16<Tile, typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabBF16<Tile, typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared_address(shared));
	tile.finish(a.end, row, column, shared);
}

template <class Tile> DEVICE void convolution_f32(const ConvArgs &a) {
	u32 row, column;
	tile_of<Tile>(a.end, row, column);
	typedef Patches<float, typename Tile::X> X;
	typedef Matrix<float, typename Tile::W> W;
	SlabF32<typename Tile::X, X> x = {X(a.x, row, a.end.rows, a.k, a.wide_x)};
	SlabF32<typename Tile::W, W> w = {W(a.w, column, a.end.columns, a.k, a.wide_w)};
	Tile tile;
	tile.accumulate(x, w, a.k, shared);
	tile.finish(a.end, row, column, shared);
}

// registers: 232
extern "C" __global__ void __launch_bounds__(128, 2) conv_large_bf16(ConvArgs a) { convolution_bf16<LargeBF16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) conv_small_bf16(ConvArgs a) { convolution_bf16<SmallBF16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) conv_tall_bf16(ConvArgs a) { convolution_bf16<TallBF16>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(256) conv_large_f32(ConvArgs a) { convolution_f32<LargeF32>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) conv_small_f32(ConvArgs a) { convolution_f32<SmallF32>(a); }
