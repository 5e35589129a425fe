package ptx

import (
	"cmp"
	"math/bits"
	"slices"
)

// NVRTC gives every value a register of its own. A kernel has thousands, of which a few dozen are in use at a time: sharing places
// among them keeps a warp's registers in the processor's first cache.
//
// What a thread may read before it has written it is watched while the kernel runs; of everything else it is known here that it
// never is.

// A plan says where registers are, by their ids.
type plan struct {
	places  []int
	counts  [3]int // places of each bank
	watched []int  // the numbers of those that are watched; -1 for others
	names   []string
}

// A set is one of registers.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

// each calls f for all that are in s.
func (s set) each(f func(i int)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			f(64*i + bits.TrailingZeros64(w))
		}
	}
}

// A stretch is statements that are run one after the other, from first to before end.
type stretch struct {
	first, end   int
	next         []int // stretches that may follow
	reads        set   // what is read before it is written
	writes       set
	before, past set // what is live
}

// stretches returns those of the code, with what is live between them.
func (d *decoder) stretches() []stretch {
	begins := make([]bool, len(d.code)+1)
	begins[0] = true
	for i := range d.code {
		s := &d.code[i]
		for _, t := range s.targets {
			begins[t] = true
		}
		if len(s.targets) > 0 || s.kind == ends {
			begins[i+1] = true
		}
	}
	var all []stretch
	number := make([]int, len(d.code)+1)
	for i := range d.code {
		if begins[i] {
			all = append(all, stretch{first: i})
		}
		number[i] = len(all) - 1
		all[len(all)-1].end = i + 1
	}
	number[len(d.code)] = len(all) // the end of the kernel, where nothing is live
	for i := range all {
		d.survey(&all[i], number)
	}
	spread(all)
	return all
}

// survey notes what a stretch reads and writes, and where it leads.
func (d *decoder) survey(st *stretch, number []int) {
	n := len(d.names)
	st.reads, st.writes, st.before, st.past = newSet(n), newSet(n), newSet(n), newSet(n)
	for i := st.first; i < st.end; i++ {
		s := &d.code[i]
		for _, r := range s.src {
			if !st.writes.has(r.id) {
				st.reads.add(r.id)
			}
		}
		for _, r := range s.dst {
			if s.on == nil {
				st.writes.add(r.id)
			}
		}
	}
	last := &d.code[st.end-1]
	for _, t := range last.targets {
		st.next = append(st.next, number[t])
	}
	if last.on != nil || len(last.targets) == 0 && last.kind != ends {
		st.next = append(st.next, number[st.end])
	}
}

// spread finds what is live before and past each stretch.
func spread(all []stretch) {
	for changed := true; changed; {
		changed = false
		for i := len(all) - 1; i >= 0; i-- {
			st := &all[i]
			for _, n := range st.next {
				if n == len(all) {
					continue
				}
				for j, w := range all[n].before {
					st.past[j] |= w
				}
			}
			for j := range st.before {
				before := st.reads[j] | st.past[j]&^st.writes[j]
				changed = changed || before != st.before[j]
				st.before[j] = before
			}
		}
	}
}

// A life is the statements between which a register has to keep its value.
type life struct {
	register
	first, last int
}

// lives returns those of all registers that are used, by their first statement.
func (d *decoder) lives(all []stretch) []life {
	lives := make([]life, len(d.names))
	for i := range lives {
		lives[i].first = -1
	}
	extend := func(id, at int) {
		l := &lives[id]
		if l.first < 0 {
			l.first, l.last = at, at
		}
		l.first, l.last = min(l.first, at), max(l.last, at)
	}
	for i := range all {
		st := &all[i]
		st.before.each(func(id int) { extend(id, st.first) })
		st.past.each(func(id int) { extend(id, st.end) })
	}
	for i := range d.code {
		for _, rs := range [][]register{d.code[i].src, d.code[i].dst} {
			for _, r := range rs {
				lives[r.id].register = r
				extend(r.id, i)
			}
		}
	}
	lives = slices.DeleteFunc(lives, func(l life) bool { return l.first < 0 || d.fixed.has(l.id) })
	slices.SortStableFunc(lives, func(a, b life) int { return cmp.Compare(a.first, b.first) })
	return lives
}

// plan shares places among registers. Constants and what threads are told keep theirs to themselves.
func (d *decoder) plan() *plan {
	all := d.stretches()
	p := &plan{places: make([]int, len(d.names)), watched: d.watch(all)}
	for _, r := range d.registers {
		if d.fixed.has(r.id) {
			p.places[r.id] = p.counts[r.bank]
			p.counts[r.bank]++
		}
	}
	shared := p.counts
	var ends [3][]int // the last statements of those that have the places so far
	for _, l := range d.lives(all) {
		e := ends[l.bank]
		i := slices.IndexFunc(e, func(last int) bool { return last < l.first })
		if i < 0 {
			i = len(e)
			e = append(e, 0)
		}
		e[i] = l.last
		ends[l.bank] = e
		p.places[l.id] = shared[l.bank] + i
		p.counts[l.bank] = max(p.counts[l.bank], shared[l.bank]+i+1)
	}
	for id, n := range p.watched {
		if n >= 0 {
			p.names = append(p.names, d.names[id])
		}
	}
	return p
}

// watch numbers the registers that may be read before they are written, and those that may be computed of them.
func (d *decoder) watch(all []stretch) []int {
	suspects := newSet(len(d.names))
	if len(all) > 0 {
		all[0].before.each(func(id int) {
			if !d.fixed.has(id) {
				suspects.add(id)
			}
		})
	}
	for changed := true; changed; {
		changed = false
		for i := range d.code {
			s := &d.code[i]
			if s.kind != computes || !slices.ContainsFunc(s.src, func(r register) bool { return suspects.has(r.id) }) {
				continue
			}
			for _, r := range s.dst {
				changed = changed || !suspects.has(r.id)
				suspects.add(r.id)
			}
		}
	}
	numbers := make([]int, len(d.names))
	n := 0
	for id := range numbers {
		numbers[id] = -1
		if suspects.has(id) {
			numbers[id] = n
			n++
		}
	}
	return numbers
}
