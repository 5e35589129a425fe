package tokenizer

// A rankQueue is a heap (see container/heap) of places in a word, by the rank of the pair there and then from the left.
type rankQueue []uint64 // rank<<32 | place

func (q rankQueue) Len() int           { return len(q) }
func (q rankQueue) Less(i, j int) bool { return q[i] < q[j] }
func (q rankQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *rankQueue) Push(x any)        { *q = append(*q, x.(uint64)) }

func (q *rankQueue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}
