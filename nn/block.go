package nn

// A Block is weights that are used together. A network is a sequence of blocks, each of which runs once in a forward pass;
// weights that do not fit into memory are read and given back block by block.
type Block struct {
	Tensors []Tensor // those used as they are stored
}

// Bytes returns the size of the block.
func (b Block) Bytes() int64 {
	n := int64(0)
	for _, t := range b.Tensors {
		n += int64(t.Extent())
	}
	return n
}

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
	if t.Mem != nil {
		b := &p.root.blocks[p.block]
		b.Tensors = append(b.Tensors, t)
	}
}
