// Convolutions as products of matrices: each row of the left one is a patch of the image, of kh·kw·I numbers, found while reading.
#include "tile_bf16.cuh"
#include "tile_f32.cuh"

// An Image is x [B, H, W, I] and how patches lie in it.
struct Image {
	void *data;
	i64 stride;          // of B
	u32 pitch, spread;   // strides of H and W
	u32 height, width;   // as if doubled, if it is
	int doubled;
	u32 channels;
	u32 columns;         // of the kernel
	u32 area, across;    // numbers of dst in an image, and in a row of one
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
	u32 row, column, channel; // of the chunk that comes next, in each patch
	int k;
	bool wide;

	DEVICE Patches(const Image &of, u32 first, u32 rows, int k, bool wide) : of(of), row(0), column(0), channel(0), k(k), wide(wide) {
		const int OUTSIDE = -0x40000000;
#pragma unroll
		for (int i = 0; i < Share::COUNT; i++) {
			u32 r = first + Share::row(i), place = r % of.area;
			image[i] = (const T *)of.data + r / of.area * of.stride;
			y[i] = r < rows ? (int)(place / of.across) * of.step - of.top : OUTSIDE;
			x[i] = (int)(place % of.across) * of.step - of.left;
		}
		advance(Share::chunk() * Share::SIZE);
	}

	// advance goes on by so many numbers of a patch.
	DEVICE void advance(int n) {
		channel += n;
		while (channel >= of.channels) {
			channel -= of.channels;
			if (++column == of.columns) column = 0, row++;
		}
	}

	// at returns where a number of patch i is, or null.
	DEVICE const T *at(int i, u32 row, u32 column, u32 channel) const {
		row += y[i], column += x[i];
		if (row >= of.height || column >= of.width) return nullptr;
		return image[i] + ((u64)(row >> of.doubled) * of.pitch + (u64)(column >> of.doubled) * of.spread + channel);
	}

	DEVICE const T *span(int i, int k, int &n) const {
		const T *p = k < this->k ? at(i, row, column, channel) : nullptr;
		n = p ? Share::SIZE : 0;
		return p ? p : (const T *)of.data; // of which nothing is copied
	}
	DEVICE T element(int i, int k) const {
		u32 tap = k / of.channels;
		const T *p = k < this->k ? at(i, tap / of.columns, tap % of.columns, k % of.channels) : nullptr;
		return p ? *p : T{};
	}
};

template <class Tile> DEVICE void convolution_bf16(const ConvArgs &a) { product_bf16<Tile, Patches<bf16, typename Tile::X>, bf16>(a); }
template <class Tile> DEVICE void convolution_f32(const ConvArgs &a) { product_f32<Tile, Patches<float, typename Tile::X>, float>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(256, 2) conv_large_bf16(ConvArgs a) { convolution_bf16<LargeBF16>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(128, 3) conv_medium_bf16(ConvArgs a) { convolution_bf16<MediumBF16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) conv_small_bf16(ConvArgs a) { convolution_bf16<SmallBF16>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(128, 4) conv_tall_bf16(ConvArgs a) { convolution_bf16<TallBF16>(a); }

// registers: 168
extern "C" __global__ void __launch_bounds__(256) conv_large_f32(ConvArgs a) { convolution_f32<LargeF32>(a); }

// registers: 128
extern "C" __global__ void __launch_bounds__(64, 8) conv_small_f32(ConvArgs a) { convolution_f32<SmallF32>(a); }
