// LayerNorm and RMSNorm: a warp computes a row or, of wide ones, a block.
#include "strided.cuh"

struct Norm {
	Rows dst, x;
	Vector gamma, beta;
	int rows;
	int item; // rows of a batch item
	int width;
	int lanes; // threads of a row: 32, or all of a block
	int plus_one;
	float eps;
};

// block_sum adds a number of each warp; all threads get the same.
DEVICE float block_sum(float x) {
	__shared__ float parts[8];
	__syncthreads(); // the sum before has been read
	if (lane() == 0) parts[warp()] = x;
	__syncthreads();
	float total = 0;
	for (int i = 0; i < blockDim.x / 32; i++) total += parts[i];
	return total;
}

// sum adds what f makes of the elements of a row, whose threads all get it.
template <class T, class F> DEVICE float sum(const Norm &p, const T *x, bool idle, F f) {
	float total = 0;
	for (int col = threadIdx.x % p.lanes * eight; !idle && col < p.width; col += p.lanes * eight) {
		float v[eight];
		load(v, x + col, p.width - col);
#pragma unroll
		for (int i = 0; i < eight; i++)
			if (i < p.width - col) total += f(v[i]);
	}
	total = warp_sum(total);
	return p.lanes == 32 ? total : block_sum(total);
}

// normalise computes the norm of a row, of differences from the mean if it is centred. A thread without a row goes on to where
// others wait for it.
template <class T, bool centred> DEVICE void normalise(const Norm &p) {
	int row = blockIdx.x * (blockDim.x / p.lanes) + threadIdx.x / p.lanes;
	bool idle = row >= p.rows;
	if (idle) row = 0;
	const T *x = p.x.at<T>(row);
	T *dst = p.dst.at<T>(row);
	int item = row / p.item;

	float mean = centred ? sum(p, x, idle, [](float x) { return x; }) / p.width : 0;
	float square = sum(p, x, idle, [&](float x) { return (x - mean) * (x - mean); }) / p.width;
	float scale = 1 / sqrtf(square + p.eps);
	for (int col = threadIdx.x % p.lanes * eight; !idle && col < p.width; col += p.lanes * eight) {
		float v[eight], gamma[eight], beta[eight];
		int n = p.width - col;
		load(v, x + col, n);
		load(gamma, p.gamma, item, col, n, p.plus_one ? 0 : 1);
		load(beta, p.beta, item, col, n, 0);
#pragma unroll
		for (int i = 0; i < eight; i++) v[i] = fmaf((v[i] - mean) * scale, gamma[i] + p.plus_one, beta[i]);
		store(dst + col, v, n);
	}
}

// registers: 56
extern "C" __global__ void __launch_bounds__(256) layernorm_f32(const __grid_constant__ Norm p) { normalise<float, true>(p); }

// registers: 56
extern "C" __global__ void __launch_bounds__(256) layernorm_bf16(const __grid_constant__ Norm p) { normalise<bf16, true>(p); }

// registers: 56
extern "C" __global__ void __launch_bounds__(256) rmsnorm_f32(const __grid_constant__ Norm p) { normalise<float, false>(p); }

// registers: 56
extern "C" __global__ void __launch_bounds__(256) rmsnorm_bf16(const __grid_constant__ Norm p) { normalise<bf16, false>(p); }
