package tokenizer

import (
	"cmp"
	"fmt"
	"slices"
)

// A trie finds the keys that text begins with, byte by byte. Nodes are numbered from the root, 0; the children of one
// are neighbours.
type trie struct {
	nodes  []trieNode
	labels []byte // the byte that leads to each node
}

type trieNode struct {
	key      int32 // the index of the key that ends here, or none
	first    int32 // child
	children uint16
}

// newTrie makes a trie of keys, which must differ.
func newTrie(keys []string) (*trie, error) {
	order, err := sortedOrder(keys)
	if err != nil {
		return nil, err
	}
	type branch struct{ from, to, depth int } // the keys, in their order, that go through a node
	t := &trie{nodes: []trieNode{{key: none}}, labels: []byte{0}}
	branches := []branch{{0, len(keys), 0}}
	for i := 0; i < len(t.nodes); i++ {
		b := branches[i]
		if b.from < b.to && len(keys[order[b.from]]) == b.depth {
			t.nodes[i].key = order[b.from]
			b.from++
		}
		t.nodes[i].first = int32(len(t.nodes))
		for start := b.from; start < b.to; {
			label, end := keys[order[start]][b.depth], start+1
			for end < b.to && keys[order[end]][b.depth] == label {
				end++
			}
			t.nodes = append(t.nodes, trieNode{key: none})
			t.labels = append(t.labels, label)
			branches = append(branches, branch{start, end, b.depth + 1})
			t.nodes[i].children++
			start = end
		}
	}
	return t, nil
}

// sortedOrder returns the indices of keys in the order of the keys.
func sortedOrder(keys []string) ([]int32, error) {
	order := make([]int32, len(keys))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	for i := 1; i < len(order); i++ {
		if keys[order[i]] == keys[order[i-1]] {
			return nil, fmt.Errorf("%q is there twice", keys[order[i]])
		}
	}
	return order, nil
}

// child returns the node that label leads to from node, or none.
func (t *trie) child(node int32, label byte) int32 {
	from := t.nodes[node].first
	to := from + int32(t.nodes[node].children)
	for from < to {
		middle := (from + to) / 2
		switch l := t.labels[middle]; {
		case l == label:
			return middle
		case l < label:
			from = middle + 1
		default:
			to = middle
		}
	}
	return none
}

// find returns the index of key, or none.
func (t *trie) find(key string) int32 {
	node := int32(0)
	for i := range len(key) {
		if node = t.child(node, key[i]); node == none {
			return none
		}
	}
	return t.nodes[node].key
}

// longest returns the index of the longest key that text begins with, or none.
func (t *trie) longest(text string) int32 {
	node, found := int32(0), int32(none)
	for i := range len(text) {
		if node = t.child(node, text[i]); node == none {
			break
		}
		if key := t.nodes[node].key; key != none {
			found = key
		}
	}
	return found
}
