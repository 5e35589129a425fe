// Package backendtest checks that a backend computes what [backend.Kernels] says.
//
// The kernels are written down once more as plain loops in float64: the specification. [Run] compares a backend with it
// over many shapes, element types and views, and [RunLong] at the full sizes of both systems. Every operand lies between
// guards, and strided ones have guards between their rows; each case runs once with guards of NaN and once with finite
// ones, on different numbers of workers. So these faults show:
//
//   - a result that is less accurate than float32 arithmetic explains,
//   - a result that depends on bytes outside of the operands, or on the number of workers,
//   - a change of any byte that is not an element of dst.
//
// [Reference] is the specification as a [backend.Backend]: slow, but right, and useful wherever a test needs a device.
package backendtest
