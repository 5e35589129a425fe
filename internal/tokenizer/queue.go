package tokenizer

// A rankQueue is a binary heap of places in a word, by the rank of the pair there and then from the left. The standard
// library's heap would allocate for each of them.
type rankQueue []uint64 // rank<<32 | place

func (q *rankQueue) push(rank, place int32) {
	*q = append(*q, uint64(rank)<<32|uint64(place))
	h := *q
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *rankQueue) pop() (rank, place int32) {
	h := *q
	least, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	*q = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			break
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
	return int32(least >> 32), int32(uint32(least))
}
