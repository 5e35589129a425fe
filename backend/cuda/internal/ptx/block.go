package ptx

import "fmt"

// A block runs the threads of one block after another's.
type block struct {
	kernel *Kernel
	run    *run
	index  [3]int
	number int64
	warps  []*warp
	shared shared
	writes []span // of global memory, in this launch
}

// begin prepares b for a launch.
func (b *block) begin(r *run) {
	b.run = r
	b.writes = b.writes[:0]
	b.shared.resize(b.kernel.shared + r.launch.Shared)
	size := r.launch.Block
	threads := size[0] * size[1] * size[2]
	b.warps = b.warps[:min(len(b.warps), (threads+31)/32)]
	for len(b.warps) < (threads+31)/32 {
		b.warps = append(b.warps, newWarp(b, len(b.warps)))
	}
	for _, w := range b.warps {
		w.place(size, threads)
	}
}

// end lets go of what belongs to the launch.
func (b *block) end() { b.run = nil }

// runAsBlock runs block number i of the grid.
func (b *block) runAsBlock(i int64) (f *Fault) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Fault:
			f = r
		default:
			panic(r)
		}
	}()
	b.number, b.index = i, b.run.blockIndex(i)
	b.shared.reset()
	for _, w := range b.warps {
		w.reset()
	}
	for b.toBarrier() {
		b.shared.epoch++
	}
	return nil
}

// toBarrier runs all warps to their next barrier, and says whether there was one.
func (b *block) toBarrier() bool {
	waiting := 0
	for _, w := range b.warps {
		w.execute()
		if w.alive != 0 {
			waiting++
		}
	}
	if waiting == 0 {
		return false
	}
	at := -1
	for _, w := range b.warps {
		switch {
		case w.alive == 0:
			continue
		case waiting < len(b.warps):
			w.fail(lowest(w.alive), "barrier after other warps have ended")
		case at >= 0 && w.pc != at:
			w.fail(lowest(w.alive), "barrier while warp 0 waits at the one in line %d", b.kernel.code[at-1].line)
		}
		at = w.pc
	}
	return true
}

// fail ends the run with a fault in a lane of w at the instruction before pc.
func (w *warp) fail(lane int, format string, args ...any) {
	in := &w.block.kernel.code[w.pc-1]
	if w.current != nil {
		in = w.current
	}
	panic(&Fault{
		Kernel: w.block.kernel.Name, Block: w.block.index, Thread: w.thread(lane),
		Line: in.line, Text: in.text, What: fmt.Sprintf(format, args...),
	})
}
