package cpu

// workspaceWords is the workspace of one worker: the largest that a kernel asks for.
const workspaceWords = max(gemmWords, convWords, attentionWords)

// packedWords is the workspace of all workers together: operands that are packed once and that all of them multiply. It holds the rows of
// a block of the widest product of FLUX, whose K is 15360, in float32; and backend.MaxTerms.
const packedWords = 272 * 60 * (gemmDepth + rowPad)

// A space hands out parts of a worker's workspace.
type space []float32

func (s *space) take(n int) []float32 {
	part := (*s)[:n:n]
	*s = (*s)[n:]
	return part
}
