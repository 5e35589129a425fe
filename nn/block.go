package nn

import "slices"

// A Block is weights that are used together. A network is a sequence of blocks, each of which runs once in a forward pass;
// weights that do not fit into memory are read and given back block by block.
type Block struct {
	Tensors []Tensor // those used as they are stored
	Own     []Tensor // vectors, and weights that were laid out anew or rounded: they stay where they are
}

// All returns all that the block's operations are given.
func (b Block) All() []Tensor { return slices.Concat(b.Tensors, b.Own) }

// Block returns p for the next block of the network, and its number. When the block is run, Stream.Block is to be told.
// Numbers go up from 1 in the order of these calls, which must be that of the blocks' use.
func (p Params) Block() (Params, int) {
	p.block = len(p.root.blocks)
	p.root.blocks = append(p.root.blocks, Block{})
	return p, p.block
}

// Blocks returns the blocks by their numbers. Number 0 is all that lies outside of blocks.
func (p Params) Blocks() []Block { return p.root.blocks }

// keep notes that t is used as it is stored.
func (p Params) keep(t Tensor) {
	if b := &p.root.blocks[p.block]; t.Mem != nil {
		b.Tensors = append(b.Tensors, t)
	}
}

// own notes that t is used, and returns it.
func (p Params) own(t Tensor) Tensor {
	if b := &p.root.blocks[p.block]; t.Mem != nil {
		b.Own = append(b.Own, t)
	}
	return t
}
