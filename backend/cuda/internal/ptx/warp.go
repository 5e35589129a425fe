package ptx

import (
	"math"
	"math/bits"
)

// The kinds of instructions.
type kind int

const (
	computes kind = iota // writes all lanes of registers, and has no other effect
	acts                 // looks at the mask by itself
	branches
	indexes // branches by a table
	ends
	blocks // waits for all threads of the block
)

type instruction struct {
	kind    kind
	run     func(w *warp)
	guard   int // a predicate, or -1
	not     bool
	dst     []register
	targets []int
	line    int
	text    string

	// Registers that are watched, by their numbers.
	reads, writes []int
	guardWatch    int // -1: the guard is not
}

// A group is lanes that go the same way. All lanes that are alive and not in the current group wait in others.
type group struct {
	pc   int
	mask uint32
}

// A warp runs 32 threads at a time. Where they part, those at the smallest instruction go first, so that they meet again.
type warp struct {
	block *block
	id    int
	r     [][32]uint32
	q     [][32]uint64
	p     []uint32 // predicates: a bit a lane
	known []uint32 // lanes in which a watched register has been written

	all, alive uint32 // lanes that there are, and that have not ended
	mask       uint32 // those that the instruction is for
	pc         int    // of the next instruction
	lanes      uint32 // of the current group
	others     []group
	limit      int // the first pc among others
	steps      int
	current    *instruction

	barriers uint64 // counts what orders all memory accesses of this warp
	meetings uint64 // counts that, and what only lets reads come before writes
	copies   []copying
	groups   [32]int // groups of copies that a lane has committed
	local    localMemory

	where     [32]uint64    // of a memory access: addresses, then indices
	scattered [32]uint64    // addresses of one that is to several allocations
	gather    [32 * 16]byte // what is there
	saved     [4][32]uint32 // registers that an instruction writes in some lanes only
	savedq    [4][32]uint64
}

// maxSteps is how many instructions a warp may run: one that runs more does not end.
const maxSteps = 1 << 26

const allLanes = math.MaxUint32

func newWarp(b *block, id int) *warp {
	k := b.kernel
	w := &warp{
		block: b, id: id,
		r:     make([][32]uint32, k.registers[narrow]),
		q:     make([][32]uint64, k.registers[wide]),
		p:     make([]uint32, k.registers[predicate]),
		known: make([]uint32, len(k.watched)),
	}
	for _, c := range k.constants {
		w.fill(c.register, c.value)
	}
	return w
}

// fill sets all lanes of r.
func (w *warp) fill(r register, value uint64) {
	for l := range 32 {
		switch r.bank {
		case narrow:
			w.r[r.index][l] = uint32(value)
		case wide:
			w.q[r.index][l] = value
		default:
			w.p[r.index] = -uint32(value)
		}
	}
}

// place tells the threads of w where they are in blocks of a size.
func (w *warp) place(size [3]int, threads int) {
	w.all = allLanes
	if left := threads - 32*w.id; left < 32 {
		w.all = 1<<left - 1
	}
	w.local.resize(w.block.kernel.local)
	for _, s := range w.block.kernel.specials {
		for l := range 32 {
			w.r[s.index][l] = w.special(s.name, l)
		}
	}
}

// reset prepares w for a block.
func (w *warp) reset() {
	k := w.block.kernel
	w.alive = w.all
	w.others = w.others[:0]
	w.pc, w.lanes, w.limit, w.steps = 0, w.all, math.MaxInt, 0
	w.current = nil
	w.copies = w.copies[:0]
	clear(w.groups[:])
	clear(w.known)
	w.local.reset()
	for _, s := range k.specials {
		if axis, ok := blockAxis(s.name); ok {
			w.fill(s.register, uint64(w.block.index[axis]))
		}
	}
}

// execute runs w until it waits at a barrier or has ended.
func (w *warp) execute() {
	code := w.block.kernel.code
	for w.alive != 0 {
		if w.pc >= w.limit {
			w.park(w.pc, w.lanes)
			w.resume()
		}
		in := &code[w.pc]
		w.pc++
		if w.steps++; w.steps > maxSteps {
			w.current = in
			w.fail(lowest(w.lanes), "no end after %d instructions", maxSteps)
		}
		w.current = in
		w.mask = w.lanes
		if in.guard >= 0 {
			w.mask = w.guarded(in)
		}
		mask := w.mask
		switch in.kind {
		case computes:
			if mask != 0 {
				w.compute(in)
			}
		case acts:
			if mask != 0 {
				w.act(in)
			}
		case branches:
			w.branch(in)
		case indexes:
			w.need(in.reads)
			in.run(w)
		case ends:
			w.exit()
		case blocks:
			if mask != 0 {
				w.barrier()
				return
			}
		}
	}
}

// guarded returns the lanes that the guard lets through.
func (w *warp) guarded(in *instruction) uint32 {
	if in.guardWatch >= 0 {
		w.need([]int{in.guardWatch})
	}
	if in.not {
		return w.lanes &^ w.p[in.guard]
	}
	return w.lanes & w.p[in.guard]
}

// need fails if a lane has not written one of the registers.
func (w *warp) need(watched []int) {
	for _, n := range watched {
		if unknown := w.mask &^ w.known[n]; unknown != 0 {
			w.fail(lowest(unknown), "%s holds nothing", w.block.kernel.watched[n])
		}
	}
}

// act runs in, which needs what it reads.
func (w *warp) act(in *instruction) {
	w.need(in.reads)
	in.run(w)
	for _, n := range in.writes {
		w.known[n] |= w.mask
	}
}

// compute runs in on all lanes, keeps the others' registers, and notes which results depend on registers without a value.
func (w *warp) compute(in *instruction) {
	if w.mask == w.alive {
		in.run(w)
	} else {
		w.blend(in)
	}
	if len(in.writes) == 0 {
		return
	}
	known := uint32(allLanes)
	for _, n := range in.reads {
		known &= w.known[n]
	}
	for _, n := range in.writes {
		w.known[n] = w.known[n]&^w.mask | known&w.mask
	}
}

func (w *warp) blend(in *instruction) {
	for i, r := range in.dst {
		switch r.bank {
		case narrow:
			w.saved[i] = w.r[r.index]
		case wide:
			w.savedq[i] = w.q[r.index]
		default:
			w.saved[i][0] = w.p[r.index]
		}
	}
	in.run(w)
	for i, r := range in.dst {
		switch r.bank {
		case narrow:
			restore(&w.r[r.index], &w.saved[i], w.mask)
		case wide:
			restore(&w.q[r.index], &w.savedq[i], w.mask)
		default:
			w.p[r.index] = w.p[r.index]&w.mask | w.saved[i][0]&^w.mask
		}
	}
}

// restore gives all lanes that are not in the mask what they had. It spoils the place where that was.
func restore[T uint32 | uint64](to, saved *[32]T, mask uint32) {
	if bits.OnesCount32(mask) < 16 {
		for m := mask; m != 0; m &= m - 1 {
			l := lowest(m) & 31
			saved[l] = to[l]
		}
		*to = *saved
		return
	}
	for m := ^mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		to[l] = saved[l]
	}
}

// park lets lanes wait at pc.
func (w *warp) park(pc int, lanes uint32) {
	if lanes == 0 {
		return
	}
	i := 0
	for i < len(w.others) && w.others[i].pc < pc {
		i++
	}
	if i < len(w.others) && w.others[i].pc == pc {
		w.others[i].mask |= lanes
		return
	}
	w.others = append(w.others, group{})
	copy(w.others[i+1:], w.others[i:])
	w.others[i] = group{pc, lanes}
}

// resume goes on with the group at the smallest pc.
func (w *warp) resume() {
	w.pc, w.lanes = w.others[0].pc, w.others[0].mask
	w.others = append(w.others[:0], w.others[1:]...)
	w.limit = math.MaxInt
	if len(w.others) > 0 {
		w.limit = w.others[0].pc
	}
}

func (w *warp) branch(in *instruction) {
	switch target := in.targets[0]; w.mask {
	case w.lanes:
		w.pc = target
		if len(w.others) > 0 {
			w.park(w.pc, w.lanes)
			w.resume()
		}
	case 0:
	default:
		w.park(target, w.mask)
		w.park(w.pc, w.lanes&^w.mask)
		w.resume()
	}
}

// exit ends the lanes of the mask.
func (w *warp) exit() {
	w.alive &^= w.mask
	w.lanes &^= w.mask
	if w.lanes == 0 && w.alive != 0 {
		w.resume()
	}
}

func (w *warp) barrier() {
	if w.mask != w.alive {
		w.fail(lowest(w.alive&^w.mask), "barrier that not all threads of the warp reach")
	}
	if w.alive != w.all {
		w.fail(lowest(w.alive), "barrier after other threads of the warp have ended")
	}
	w.barriers++
	w.meetings++
}
