package cpu

// A state is what the tasks of a kernel under way work on: a field for each kernel. It is a part of the Backend, which serves one
// Stream at a time, so that no operation takes memory of the heap.
//
// A kernel fills its field in, has the pool do the field as a task, and forgets it.
type state struct {
	gemm        gemm
	conv        conv
	attention   attention
	deform      deform
	rowNorm     rowNorm
	groupNorm   groupNorm
	moments     momentsOf
	rope        rope
	elementwise elementwise
	gather      gather
	groups      groups
}

// forget empties the state of a kernel that has ended: it refers to memory that may be given back.
func forget[S any](s *S) {
	var none S
	*s = none
}
