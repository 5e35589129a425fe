// Package tensor says what an array is; it computes nothing.
//
// A [Tensor] is a small value, like a slice header: an element type, up to four dimensions and a view of one [Memory].
// Copying it copies no elements. The elements of the last dimension are always adjacent; the other dimensions may
// be strided, so that splitting a fused projection, taking heads apart or cutting rows costs nothing.
//
// Shape comments throughout the module use these letters: B batch, L tokens, D features, H heads, and, for images,
// H, W, C rows, columns and channels. Matrices of weights are [N, K]: N outputs, K inputs.
package tensor
