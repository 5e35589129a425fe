package ptx

import (
	"slices"
	"strconv"
)

// A shared is the shared memory of a block, with notes of who has accessed what since when.
//
// Two accesses of a byte by different threads, one of them a write, are a race unless a barrier is between them: one of the block
// (bar.sync), or one of the warp (bar.warp.sync) if both threads are in the same warp. What else a warp does together (shuffles,
// votes, mma, ldmatrix) does not order memory, says CUDA's programming guide; but what was read before cannot see a write after,
// because the warp's one load comes before its one store.
//
// Notes are kept by words of four bytes; of a word that is accessed in smaller parts, by bytes as well.
type shared struct {
	bytes []byte
	words []notes
	parts []notes // by byte
	split []bool  // words that have been accessed in parts since they were made
	epoch uint64  // counts barriers, over all blocks that this memory has been used for
	base  uint64  // epoch when the block began
}

// notes are of the last write, and of the reads since the last barrier.
type notes struct{ wrote, read stamp }

// A stamp says when and by whom: the block's epoch (28 bits), the warp's (24), the thread plus one (12). The epoch of a copy
// that has not arrived is the largest, so that no access passes for later.
type stamp uint64

const (
	epochShift = 36
	warpShift  = 12
	warpMask   = 1<<24 - 1
	threadMask = 1<<12 - 1

	warpmates = 2048 // plus a warp, in place of a thread: several of one warp
	anyone    = 4095 // threads of several warps

	inFlight = stamp(1<<28-1) << epochShift
)

// stamp returns that of a write, or with the warp's other count, of a read.
func (w *warp) stamp(lane int, count uint64) stamp {
	return stamp(w.block.shared.epoch<<epochShift | count&warpMask<<warpShift | uint64(32*w.id+lane+1))
}

func (s *shared) resize(n int) {
	s.bytes = slices.Grow(s.bytes[:0], n)[:n]
	words := (n + 3) / 4
	s.words = slices.Grow(s.words[:0], words)[:words]
	s.parts = slices.Grow(s.parts[:0], 4*words)[:4*words]
	s.split = slices.Grow(s.split[:0], words)[:words]
}

// reset prepares s for a block: whatever has been written before has not been written.
func (s *shared) reset() {
	s.epoch++
	s.base = s.epoch
	for i := range s.bytes {
		s.bytes[i] = 0xff
	}
	for i := range s.words {
		if s.words[i].wrote >= inFlight {
			s.words[i].wrote = 0
		}
	}
	clear(s.split)
}

// readShared checks that the lanes of the mask may read n bytes each at w.where, and notes it.
func (w *warp) readShared(n uint64) {
	s := &w.block.shared
	now, base := stamp(s.epoch<<epochShift), stamp(s.base<<epochShift)
	first := w.stamp(0, w.meetings)
	mates := first&^threadMask | stamp(warpmates+w.id)
	for m := w.mask; m != 0; m &= m - 1 {
		l := lowest(m) & 31
		me := first + stamp(l)
		if n < 4 {
			w.readParts(l, w.where[l], n)
			continue
		}
		from := w.where[l] / 4
		words := s.words[from : from+n/4]
		for j := range words {
			word := &words[j]
			at := from + uint64(j)
			switch {
			case s.split[at]:
				w.readParts(l, 4*at, 4)
				continue
			case word.wrote >= now || word.wrote < base:
				w.checkRead(l, word, 4*at)
			}
			if word.read < now {
				word.read = me
			} else if word.read != mates {
				word.read = w.joined(word.read, me)
			}
		}
	}
}

// writeShared checks that a lane may write n bytes at i, and notes it.
func (w *warp) writeShared(lane int, i, n uint64) {
	w.markShared(lane, i, n, w.stamp(lane, w.barriers))
}

// markShared checks that a lane may write, and notes that mark did.
func (w *warp) markShared(lane int, i, n uint64, mark stamp) {
	s := &w.block.shared
	now := stamp(s.epoch << epochShift)
	if n < 4 {
		w.writeParts(lane, i, n, mark)
		return
	}
	for j := i / 4; j < (i+n)/4; j++ {
		word := &s.words[j]
		if s.split[j] {
			w.writeParts(lane, 4*j, 4, mark)
			continue
		}
		if word.wrote >= now || word.read >= now {
			w.checkWrite(lane, word, 4*j)
		}
		word.wrote = mark
	}
}

func (w *warp) readParts(lane int, i, n uint64) {
	s := &w.block.shared
	me := w.stamp(lane, w.meetings)
	s.splitWord(i / 4)
	for j := i; j < i+n; j++ {
		w.checkRead(lane, &s.parts[j], j)
		s.parts[j].read = w.joined(s.parts[j].read, me)
	}
}

func (w *warp) writeParts(lane int, i, n uint64, mark stamp) {
	s := &w.block.shared
	s.splitWord(i / 4)
	for j := i; j < i+n; j++ {
		w.checkWrite(lane, &s.parts[j], j)
		s.parts[j].wrote = mark
	}
}

// splitWord lets each byte of a word have notes of its own from now on.
func (s *shared) splitWord(j uint64) {
	if s.split[j] {
		return
	}
	s.split[j] = true
	for i := range uint64(4) {
		s.parts[4*j+i] = s.words[j]
	}
}

// renew notes that a word has been written, after checks that nobody has accessed it since the last barrier.
func (s *shared) renew(j uint64, mark stamp) {
	s.words[j] = notes{wrote: mark}
	s.split[j] = false
}

func (w *warp) checkRead(lane int, n *notes, at uint64) {
	switch s := &w.block.shared; {
	case n.wrote >= inFlight:
		w.fail(lane, "shared memory at %d: read while a copy to it is under way", at)
	case n.wrote < stamp(s.base<<epochShift):
		w.fail(lane, "shared memory at %d: read before it is written", at)
	case !w.ordered(n.wrote, lane, w.barriers):
		w.fail(lane, "shared memory at %d: read without a barrier after %s wrote it", at, whose(n.wrote))
	}
}

func (w *warp) checkWrite(lane int, n *notes, at uint64) {
	switch {
	case n.wrote >= inFlight:
		w.fail(lane, "shared memory at %d: written while a copy to it is under way", at)
	case !w.ordered(n.wrote, lane, w.barriers):
		w.fail(lane, "shared memory at %d: written without a barrier after %s wrote it", at, whose(n.wrote))
	case !w.ordered(n.read, lane, w.meetings):
		w.fail(lane, "shared memory at %d: written without a barrier after %s read it", at, whose(n.read))
	}
}

// ordered says whether an access with stamp s comes before one by the lane now, whose warp counts so much.
func (w *warp) ordered(s stamp, lane int, count uint64) bool {
	if s < stamp(w.block.shared.epoch<<epochShift) {
		return true
	}
	thread := uint64(s & threadMask)
	if thread == uint64(32*w.id+lane+1) {
		return true
	}
	return thread != anyone && warpOf(thread) == w.id && uint64(s>>warpShift)&warpMask < count&warpMask
}

func warpOf(thread uint64) int {
	if thread >= warpmates {
		return int(thread - warpmates)
	}
	return int(thread-1) / 32
}

func whose(s stamp) string {
	thread := uint64(s & threadMask)
	switch {
	case thread == anyone:
		return "threads of several warps"
	case thread >= warpmates:
		return "threads of warp " + strconv.Itoa(int(thread-warpmates))
	}
	return "thread " + strconv.Itoa(int(thread-1))
}

// joined returns the stamp of all who have read: old, and now me.
func (w *warp) joined(old, me stamp) stamp {
	if old < stamp(w.block.shared.epoch<<epochShift) || old&threadMask == me&threadMask {
		return me
	}
	thread := uint64(old & threadMask)
	if thread == anyone || warpOf(thread) != w.id {
		return me | anyone
	}
	if old>>warpShift < me>>warpShift {
		return me
	}
	return me&^threadMask | stamp(warpmates+w.id)
}
