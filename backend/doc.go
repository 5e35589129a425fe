// Package backend says how arrays are computed with.
//
// Models use a [Stream]: it checks the operands of every operation, allocates results on a stack (the arena), counts
// what a forward pass costs and stops when a context ends. Below it stands a [Backend], a device: its memory and
// fourteen kernels, which trust what the Stream has checked. backend/cpu is one.
//
// # For users
//
// A function that returns a tensor allocates it first, then marks the arena, so that everything allocated afterwards
// is released when it returns:
//
//	func (m *mlp) forward(s *backend.Stream, x tensor.Tensor) tensor.Tensor {
//		y := s.New(x.Dim(0), x.Dim(1), m.width)
//		defer s.Release(s.Mark())
//		…
//	}
//
// Wrong shapes, and operands that were released, are mistakes of the program: they panic. What the device reports, the
// end of the context and a weight file that was cut while it is mapped are errors of [Stream.Do].
//
// # For implementers
//
// [Kernels] documents each kernel by what it computes. Results must not depend on how work is split among
// workers. Package backendtest checks all of this against loops in float64.
package backend
