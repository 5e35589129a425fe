package cpu

// workspaceWords is the workspace of one worker: the largest that a kernel asks for.
const workspaceWords = max(gemmWords, convWords)

// A space hands out parts of a worker's workspace.
type space []float32

func (s *space) take(n int) []float32 {
	part := (*s)[:n:n]
	*s = (*s)[n:]
	return part
}
