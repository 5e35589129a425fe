package cpu

// workspaceWords is the workspace of one worker: the largest that a kernel asks for.
const workspaceWords = max(gemmWords, convWords)

// packedWords is the workspace of all workers together: operands that are packed once and that all of them multiply. It holds a row, or a
// pixel with what its taps see, of backend.MaxTerms numbers.
const packedWords = 3 << 20

// A space hands out parts of a worker's workspace.
type space []float32

func (s *space) take(n int) []float32 {
	part := (*s)[:n:n]
	*s = (*s)[n:]
	return part
}
