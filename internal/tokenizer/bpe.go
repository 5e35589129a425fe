package tokenizer

import (
	"container/heap"
	"slices"
)

// none is for a symbol without a neighbour and for a pair without a rank.
const none = -1

// A word is a piece of text on its way from bytes to tokens: a linked list of symbols and a queue of the pairs that can
// be merged. Its memory serves one piece after another.
type word struct {
	vocab *vocabulary
	nodes []node // of the list; the first begins it
	queue rankQueue
}

type node struct {
	symbol     int32
	prev, next int32
	rank       int32 // of the pair that begins here
}

// appendTokens appends the tokens of piece, which is not empty. The pair of the lowest rank is merged first, from the
// left. A merge makes only pairs of higher ranks, as newVocabulary checks, so a queue gives them in this order.
func (w *word) appendTokens(tokens []int32, piece string) []int32 {
	w.reset(piece)
	for len(w.queue) > 0 {
		next := heap.Pop(&w.queue).(uint64)
		rank, i := int32(next>>32), int32(uint32(next))
		if w.nodes[i].rank == rank { // else an earlier merge has taken the pair apart
			w.merge(i, w.vocab.joined[rank])
		}
	}
	for i := int32(0); i != none; i = w.nodes[i].next {
		tokens = append(tokens, w.nodes[i].symbol)
	}
	return tokens
}

func (w *word) reset(piece string) {
	n := len(piece)
	w.nodes = slices.Grow(w.nodes[:0], n)[:n]
	w.queue = slices.Grow(w.queue[:0], n)
	for i := range n {
		w.nodes[i] = node{w.vocab.inside[piece[i]], int32(i) - 1, int32(i) + 1, none}
	}
	w.nodes[n-1].symbol = w.vocab.last[piece[n-1]]
	w.nodes[n-1].next = none
	for i := range w.nodes {
		w.enqueue(int32(i))
	}
}

// enqueue finds the rank of the pair that begins at i and queues it if it has one.
func (w *word) enqueue(i int32) {
	left := &w.nodes[i]
	left.rank = none
	if left.next == none {
		return
	}
	if rank, ok := w.vocab.ranks[pair{left.symbol, w.nodes[left.next].symbol}]; ok {
		left.rank = rank
		heap.Push(&w.queue, uint64(rank)<<32|uint64(i))
	}
}

// merge replaces the symbol at i and the next by the symbol they join to.
func (w *word) merge(i, joined int32) {
	left := &w.nodes[i]
	right := &w.nodes[left.next]
	left.symbol, left.next = joined, right.next
	right.rank = none
	if left.next != none {
		w.nodes[left.next].prev = i
	}
	w.enqueue(i)
	if left.prev != none {
		w.enqueue(left.prev)
	}
}
