package pytorch

import (
	"context"
	"errors"
	"flag"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	long  = flag.Bool("long", false, "run the tests that take minutes")
	first = flag.Uint64("seed", 0, "first seed of the random files")
)

// rounds returns how many random files are tried.
func rounds(few int) int {
	switch {
	case *long:
		return few * 100
	case testing.Short():
		return few / 10
	}
	return few
}

// open opens a file, and checks what that takes: in all, and part of it for a moment only, 64 times the file, which is in memory,
// and 100 ms for a megabyte.
func open(t *testing.T, file []byte) (*Checkpoint, error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	c, err := openBytes(file)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<16+uint64(64*len(file)) {
		t.Errorf("%d bytes take %d of memory: %v", len(file), taken, err)
	}
	if most := time.Second + time.Duration(len(file))*time.Second/10_000_000; took > most && !testing.Short() { // the race detector takes longer
		t.Errorf("%d bytes take %v: %v", len(file), took, err)
	}
	if err != nil && len(err.Error()) > 1000 {
		t.Errorf("a message of %d bytes: %.300s", len(err.Error()), err)
	}
	return c, err
}

func (l *layout) check(t *testing.T, c *Checkpoint) {
	t.Helper()
	if len(c.Names()) != len(l.tensors) {
		t.Errorf("%d tensors, want %d", len(c.Names()), len(l.tensors))
	}
	for _, want := range l.tensors {
		got, ok := c.Get(want.name)
		got, err := whole(c, got, want.name)
		if !ok || err != nil || got.DType() != dtypes[want.kind] || got.Rank() != len(want.size) {
			t.Fatalf("%q: got %v, %v, want %s%v", want.name, got, err, want.kind, want.size)
		}
		for i, d := range want.size {
			if got.Dim(i) != int(d) {
				t.Errorf("%q: got %v, want %v", want.name, got, want.size)
			}
		}
		if values := floats(got.DType(), content(got)); !slices.Equal(values, want.want()) {
			t.Errorf("%q: got %v %v, want %v", want.name, got, values, want.want())
		}
	}
}

func TestRandomLayouts(t *testing.T) {
	for seed := range rounds(3000) {
		l := newLayout(rand.New(rand.NewPCG(1, *first+uint64(seed))))
		file := l.file()
		c, err := open(t, file)
		if err != nil {
			t.Fatalf("seed %d: %v: %q", seed, err, file)
		}
		if l.check(t, c); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// huge are what spoilt files have for sizes.
var huge = []int64{-1, 0, 1, 2, 5, 255, 65536, 1 << 31, 1<<32 + 1, 1 << 40, 1 << 62, math.MaxInt64, math.MinInt64}

// spoilers change one thing of a layout that has a tensor x.
var spoilers = map[string]func(l *layout, x *laid){
	"size":          func(l *layout, x *laid) { l.change(x.size) },
	"stride":        func(l *layout, x *laid) { l.change(x.stride) },
	"size, stride":  func(l *layout, x *laid) { l.change(x.size); l.change(x.stride) },
	"expanded":      func(l *layout, x *laid) { l.change(x.size); clear(x.stride) },
	"offset":        func(l *layout, x *laid) { x.offset = l.number() },
	"next offset":   func(l *layout, x *laid) { x.offset++ },
	"count":         func(l *layout, x *laid) { x.storage.count = l.number() },
	"other type":    func(l *layout, x *laid) { x.kind = append(kinds, "Double", "Bool", "Nothing")[l.IntN(10)] },
	"rank":          func(l *layout, x *laid) { x.size = append(x.size, make([]int64, l.IntN(1000))...) },
	"high rank":     func(l *layout, x *laid) { x.size, x.stride = make([]int64, 5000), make([]int64, 5000) },
	"other storage": func(l *layout, x *laid) { x.storage = l.storages[l.IntN(len(l.storages))] },
	"no storage":    func(l *layout, x *laid) { x.storage = &stored{key: l.word(), kind: x.kind, count: x.storage.count} },
	"far storage":   func(l *layout, x *laid) { x.storage = &stored{key: strings.Repeat("\x00", 5000), kind: x.kind} },
	"long name":     func(l *layout, x *laid) { x.name, x.offset = strings.Repeat("\x00", 5000), -1 },
	"same name":     func(l *layout, x *laid) { x.name = l.tensors[l.IntN(len(l.tensors))].name },
	"swap keys": func(l *layout, x *laid) {
		y := l.storages[l.IntN(len(l.storages))]
		x.storage.key, y.key = y.key, x.storage.key
	},
	"short storage": func(l *layout, x *laid) { x.storage.values = x.storage.values[:l.IntN(len(x.storage.values)+1)] },
	"long storage":  func(l *layout, x *laid) { x.storage.values = append(x.storage.values, 1) },

	"record twice": func(l *layout, x *laid) { l.records = append(l.records, record{"data/" + x.storage.key, ""}) },
	"pickle twice": func(l *layout, x *laid) { l.records = append(l.records, record{"data.pkl", "\x80\x02}."}) },
	"program":      func(l *layout, x *laid) { l.records = append(l.records, record{"code/a.py", ""}) },
	"byte order": func(l *layout, x *laid) {
		l.records = append(l.records, record{"byteorder", strings.Repeat("\x00", 5000)})
	},
	"version":     func(l *layout, x *laid) { l.records = append(l.records, record{"version", strings.Repeat("1", 5000)}) },
	"long record": func(l *layout, x *laid) { l.records = append(l.records, record{strings.Repeat("\n", 1500), ""}) },
	"no record": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) { all[l.IntN(len(all))].name = "r/none" }
	},
	"record's name": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) { all[0].name = strings.Repeat("\n", l.IntN(2000)) }
	},
	"swap records": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) {
			a, b := all[0], all[len(all)-1]
			a.header, b.header = b.header, a.header
		}
	},
	"record's size": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) {
			e := all[l.IntN(len(all))]
			e.size = uint64(l.number())
			e.stored = e.size
		}
	},
	"record's place": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) { all[l.IntN(len(all))].header = uint64(l.number()) }
	},
	"stored size": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) { all[l.IntN(len(all))].stored = uint64(l.number()) }
	},
	"compressed": func(l *layout, x *laid) {
		l.boast = func(all []*zipped, end *ending) { all[l.IntN(len(all))].method = 8 }
	},
	"entries": func(l *layout, x *laid) {
		l.boast = func(_ []*zipped, end *ending) { end.entries = uint64(l.number()) }
	},
	"directory": func(l *layout, x *laid) { l.boast = func(_ []*zipped, end *ending) { end.size = uint64(l.number()) } },
	"start":     func(l *layout, x *laid) { l.boast = func(_ []*zipped, end *ending) { end.start = uint64(l.number()) } },
	"comment": func(l *layout, x *laid) {
		l.boast = func(_ []*zipped, end *ending) { end.comment = strings.Repeat(endMagic, 100) }
	},

	"instruction lost": func(l *layout, x *laid) {
		l.spoil = func(p *pickler) { i := p.at(); p.ops = slices.Delete(p.ops, i, i+1) }
	},
	"instruction twice": func(l *layout, x *laid) {
		l.spoil = func(p *pickler) { i := p.at(); p.ops = slices.Insert(p.ops, i, p.ops[i]) }
	},
	"instructions swapped": func(l *layout, x *laid) {
		l.spoil = func(p *pickler) { i, j := p.at(), p.at(); p.ops[i], p.ops[j] = p.ops[j], p.ops[i] }
	},
	"instruction cut": func(l *layout, x *laid) {
		l.spoil = func(p *pickler) { i := p.at(); p.ops[i] = p.ops[i][:p.IntN(len(p.ops[i]))] }
	},
	"instructions cut": func(l *layout, x *laid) { l.spoil = func(p *pickler) { p.ops = p.ops[:p.at()] } },
	"other value":      func(l *layout, x *laid) { l.insert("N", "}", "]", ")", "K\x01", "\x88", text("x")) },
	"memo": func(l *layout, x *laid) {
		l.insert("h\xff", "j\xff\xff\xff\xff", "q\xff", "r\xff\xff\xff\xff", "h\x00", "q\x00")
	},
	"cycle": func(l *layout, x *laid) {
		l.insert("}\x94"+text("a")+"j\x00\x00\x00\x00s", "}q\x00"+text("a")+"h\x00s", "]q\x00h\x00a", "h\x00h\x00s")
	},
	"long text": func(l *layout, x *laid) {
		l.insert("X\xff\xff\xff\x7f", "X\xff\xff\xff\xff", "\x8c\xff", text(strings.Repeat("\x00", 70_000)))
	},
	"deep": func(l *layout, x *laid) {
		l.insert(strings.Repeat("(", 3000), strings.Repeat("]", 3000), strings.Repeat("\x85", 3000), strings.Repeat("}"+text("a"), 3000))
	},
	"frame": func(l *layout, x *laid) {
		l.insert("\x95\xff\xff\xff\xff\xff\xff\xff\x7f", "\x95\xff\xff\xff\xff\xff\xff\xff\xff")
	},
	"other call": func(l *layout, x *laid) {
		l.insert("cposix\nsystem\n", "c"+strings.Repeat("\x01", 200)+"\n"+strings.Repeat("\x01", 200)+"\n", ")R", "R", "b", "Q")
	},
	"calls again": func(l *layout, x *laid) { l.insert("RR", "QQ", "sss", "uuu", "ttt", "aaa", "eee") },
}

func (l *layout) number() int64 { return huge[l.IntN(len(huge))] }

func (l *layout) change(numbers []int64) {
	if len(numbers) > 0 {
		numbers[l.IntN(len(numbers))] = l.number()
	}
}

// at returns a random place among the instructions.
func (p *pickler) at() int { return p.IntN(len(p.ops)) }

// insert puts one of some instructions among the others.
func (l *layout) insert(ops ...string) {
	l.spoil = func(p *pickler) { p.ops = slices.Insert(p.ops, p.at(), []byte(ops[p.IntN(len(ops))])) }
}

// TestSpoiltLayouts changes random files in ways that random bytes would not find. The result may be fine, but not a panic.
func TestSpoiltLayouts(t *testing.T) {
	names, opened := slices.Sorted(maps.Keys(spoilers)), 0
	for seed := range rounds(6000) {
		l := newLayout(rand.New(rand.NewPCG(2, *first+uint64(seed))))
		for len(l.tensors) == 0 {
			l.add("x")
		}
		how := names[seed%len(names)]
		spoilers[how](l, l.tensors[l.IntN(len(l.tensors))])
		file := l.file()
		c, err := open(t, file)
		if err == nil {
			opened++
			l.inside(t, c, len(file))
		}
		if t.Failed() {
			t.Fatalf("seed %d, %s: %v", seed, how, err)
		}
	}
	t.Logf("%d of %d open", opened, rounds(6000))
}

// inside reads all tensors of a file, and checks that copies do not make much of it.
func (l *layout) inside(t *testing.T, c *Checkpoint, size int) {
	t.Helper()
	copies := 0
	for _, name := range readable(c) {
		got, _ := c.Get(name)
		if bytes := got.Len() * got.DType().Size(); bytes > size {
			t.Errorf("%v is larger than the file of %d bytes", got, size)
			return
		} else if got.Mem == nil {
			copies += bytes
		}
		if got, err := whole(c, got, name); err != nil {
			t.Error(err)
		} else {
			content(got)
		}
	}
	if copies > size {
		t.Errorf("copies have %d bytes, the file has %d", copies, size)
	}
}

// TestBoastingPickles reads pickles that make much of a few bytes.
func TestBoastingPickles(t *testing.T) {
	const n = 1 << 17
	rebuild := "ctorch._utils\n_rebuild_tensor_v2\nq\x00"
	storage := "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "M\x00\x04tQq\x01"
	start := proto + "}" + text("first") + rebuild + "(" + storage + "K\x00"
	named := func(value string) string { // many names for it
		var b strings.Builder
		for i := range n {
			b.WriteString("\x8c\x03" + string([]byte{byte(i & 127), byte(i >> 7 & 127), byte(i >> 14)}) + value + "s")
		}
		return b.String()
	}
	for what, pickle := range map[string]string{
		"tuples":               proto + "N" + strings.Repeat("\x85", n),
		"dicts":                proto + "](" + strings.Repeat("}\x94e(", n) + "e",
		"ordered dicts":        proto + "ccollections\nOrderedDict\nq\x00](" + strings.Repeat("h\x00)R\x94e(", n) + "e",
		"items":                proto + "}" + strings.Repeat("NNs", n),
		"names of a tensor":    start + "))\x89NtRq\x02s" + named("h\x02"),
		"tensors":              start + "))\x89Ntq\x02Rs" + named("h\x00h\x02R"),
		"transposed":           start + "(K\x20K\x20t(K\x01K\x20t\x89Ntq\x02Rs" + named("h\x00h\x02R"),
		"expanded":             start + "\x8a\x06\x00\x00\x00\x00\x00\x01\x85K\x00\x85\x89Ntq\x02Rs",
		"expanded by a bit":    start + "M\xff\x7f\x85K\x00\x85\x89Ntq\x02Rs" + named("h\x00h\x02R"),
		"too large an integer": start + "\x8a\x09" + strings.Repeat("\xff", 9),
	} {
		file := archive(t, pickle+".", map[string]string{"0": strings.Repeat("1234", 1024)})
		if c, err := open(t, file); err == nil {
			t.Errorf("%s: %d tensors of %d bytes", what, len(c.Names()), len(file))
		}
	}
}

// TestOldLayouts reads the format before PyTorch 1.6: pickles one after the other, then the storages.
func TestOldLayouts(t *testing.T) {
	for seed := range rounds(100) {
		l := newLayout(rand.New(rand.NewPCG(3, *first+uint64(seed))))
		file := slices.Concat(legacyMagic, []byte("\x80\x02M\xe9\x03.\x80\x02}."), l.pickle())
		for _, s := range l.storages {
			file = append(file, s.bytes()...)
		}
		if _, err := open(t, file); err == nil || !strings.Contains(err.Error(), "before PyTorch 1.6") {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestPickleEnds checks that a long pickle is not read to its end when reading shall end.
func TestPickleEnds(t *testing.T) {
	asked := 0
	_, err := unpickle([]byte(proto+"]"+strings.Repeat("(e", 1<<18)), func() error {
		if asked++; asked > 1 {
			return context.Canceled
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || asked != 2 {
		t.Errorf("got %v, asked %d times", err, asked)
	}
}
