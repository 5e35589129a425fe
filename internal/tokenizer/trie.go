package tokenizer

import "fmt"

// A trie finds the keys that text begins with, byte by byte. Nodes are numbered from the root, 0.
type trie struct {
	keys     []int32 // for each node, the index of the key that ends there, or none
	children map[edge]int32
}

// An edge leads from a node to a child.
type edge struct {
	node  int32
	label byte
}

// newTrie makes a trie of keys, which must differ.
func newTrie(keys []string) (*trie, error) {
	t := &trie{keys: []int32{none}, children: map[edge]int32{}}
	for i, key := range keys {
		node := int32(0)
		for _, label := range []byte(key) {
			child := t.child(node, label)
			if child == none {
				child = int32(len(t.keys))
				t.keys = append(t.keys, none)
				t.children[edge{node, label}] = child
			}
			node = child
		}
		if t.keys[node] != none {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		t.keys[node] = int32(i)
	}
	return t, nil
}

// child returns the node that label leads to from node, or none.
func (t *trie) child(node int32, label byte) int32 {
	if child, ok := t.children[edge{node, label}]; ok {
		return child
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
	return t.keys[node]
}

// longest returns the index of the longest key that text begins with, or none.
func (t *trie) longest(text string) int32 {
	node, found := int32(0), int32(none)
	for i := range len(text) {
		if node = t.child(node, text[i]); node == none {
			break
		}
		if key := t.keys[node]; key != none {
			found = key
		}
	}
	return found
}
