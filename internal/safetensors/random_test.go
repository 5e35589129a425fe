package safetensors

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/tensor"
)

var (
	long  = flag.Bool("long", false, "run the tests that take minutes")
	first = flag.Uint64("seed", 0, "first seed of the random files")
)

// rounds returns how many random files are tried.
func rounds(few int) int {
	if *long {
		return few * 100
	}
	if testing.Short() {
		return few / 10
	}
	return few
}

// open opens files, and checks what that takes: in all, and most of it for a moment only, 64 times the files, which are in memory,
// and 100 ms for a megabyte.
func open(t *testing.T, files map[string][]byte, open func(Dir) (*Checkpoint, error)) (*Checkpoint, error) {
	t.Helper()
	size := 0
	for _, file := range files {
		size += len(file)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	c, err := open(dirOf(files))
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<16+uint64(64*size) {
		t.Errorf("%d bytes take %d of memory: %.300q", size, taken, files)
	}
	if most := time.Second + time.Duration(size)*time.Second/10_000_000; took > most && !testing.Short() { // the race detector takes longer
		t.Errorf("%d bytes take %v: %.300q", size, took, files)
	}
	if err != nil && len(err.Error()) > 1000 {
		t.Errorf("a message of %d bytes: %.300s", len(err.Error()), err)
	}
	return c, err
}

func openA(d Dir) (*Checkpoint, error) { return Open(d, "a.safetensors") }

// check compares with what a layout says.
func (l *layout) check(t *testing.T, c *Checkpoint, tensors []*laid) {
	t.Helper()
	if len(c.Names()) != len(tensors) {
		t.Errorf("%d tensors, want %d", len(c.Names()), len(tensors))
	}
	for _, want := range tensors {
		got, ok := c.Get(want.name)
		if !ok || got.DType() != kinds[want.kind] || !slices.Equal(got.Shape(), want.shape) || !bytes.Equal(tensor.Bytes(got), want.data) {
			t.Errorf("%q: got %v, want %s%v with other elements", want.name, got, want.kind, want.shape)
		}
	}
}

func TestRandomLayouts(t *testing.T) {
	for seed := range rounds(3000) {
		l := newLayout(rand.New(rand.NewPCG(1, *first+uint64(seed))))
		file := l.file()
		c, err := open(t, map[string][]byte{"a.safetensors": file}, openA)
		if err != nil {
			t.Fatalf("seed %d: %v: %q", seed, err, file)
		}
		if l.check(t, c, l.tensors); !maps.Equal(c.Metadata(), l.metadata) {
			t.Errorf("metadata %q, want %q", c.Metadata(), l.metadata)
		}
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, file)
		}
	}
}

// numbers are what a spoilt header has for a size or an offset.
var numbers = []string{
	"-1", "0", "1", "4", "64", "2147483648", "4294967297", "4611686018427387904", "9223372036854775807", "18446744073709551615",
	"18446744073709551616", "1.5", "1e3", "1e999", "-0", "null", `"1"`, "[1]", "{}", strings.Repeat("9", 5000),
}

// spoilers change one thing of a layout that has a tensor x.
var spoilers = map[string]func(l *layout, x *laid){
	"size":      func(l *layout, x *laid) { x.sizes = l.spoil(x.sizes) },
	"offset":    func(l *layout, x *laid) { x.offsets = l.spoil(x.offsets) },
	"all sizes": func(l *layout, x *laid) { x.sizes = "[" + strings.Repeat(l.number()+",", l.IntN(5)) + l.number() + "]" },
	"other type": func(l *layout, x *laid) {
		x.dtype = `"` + []string{"F64", "F32", "I8", "F8_E5M2", "", strings.Repeat("F", 5000)}[l.IntN(6)] + `"`
	},
	"no list":    func(l *layout, x *laid) { x.sizes = l.number() },
	"no text":    func(l *layout, x *laid) { x.dtype = l.number() },
	"rank":       func(l *layout, x *laid) { x.sizes = "[" + strings.Repeat("1,", l.IntN(100)) + "1]" },
	"swap":       func(l *layout, x *laid) { y := l.any(); x.offsets, y.offsets = y.offsets, x.offsets },
	"overlap":    func(l *layout, x *laid) { x.offsets = l.any().offsets },
	"same name":  func(l *layout, x *laid) { x.key = l.any().key },
	"metadata":   func(l *layout, x *laid) { x.key = `"__metadata__"` },
	"text":       func(l *layout, x *laid) { l.extra = append(l.extra, `"__metadata__":{"a":`+l.number()+"}") },
	"key twice":  func(l *layout, x *laid) { x.more = `,"shape":[]` },
	"more keys":  func(l *layout, x *laid) { x.more = `,"` + strings.Repeat("x", l.IntN(5000)) + `":` + l.number() },
	"many keys":  func(l *layout, x *laid) { x.more = manyKeys(l.IntN(2000)) },
	"long name":  func(l *layout, x *laid) { x.key, x.sizes = `"`+strings.Repeat("x", 5000)+`"`, "{}" },
	"deep":       func(l *layout, x *laid) { x.sizes = strings.Repeat("[", 1+l.IntN(2000)) },
	"deep names": func(l *layout, x *laid) { x.more = "," + strings.Repeat(`"a":{`, 1+l.IntN(2000)) },
	"removed": func(l *layout, x *laid) {
		l.tensors = slices.DeleteFunc(l.tensors, func(y *laid) bool { return x == y })
	},
	"repeated": func(l *layout, x *laid) { l.tensors = append(l.tensors, x) },
	"hole":     func(l *layout, x *laid) { l.data = append(l.data, 0) },
	"cut":      func(l *layout, x *laid) { l.data = l.data[:l.IntN(len(l.data)+1)] },
	"no JSON":  func(l *layout, x *laid) { x.more = []string{",", "}", "]", "\x00", "\xff", `,"`, ":1"}[l.IntN(7)] },
}

func (l *layout) any() *laid { return l.tensors[l.IntN(len(l.tensors))] }

func (l *layout) number() string { return numbers[l.IntN(len(numbers))] }

// spoil replaces one number of a list, or adds one.
func (l *layout) spoil(list string) string {
	parts := strings.Split(strings.Trim(list, "[]"), ",")
	parts[l.IntN(len(parts))] = l.number()
	return "[" + strings.Join(parts, ",") + "]"
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":[0,0,0,0]`, i)
	}
	return b.String()
}

// TestSpoiltLayouts changes random files in ways that random bytes would not find. The result may be fine, but not a panic.
func TestSpoiltLayouts(t *testing.T) {
	names, opened := slices.Sorted(maps.Keys(spoilers)), 0
	for seed := range rounds(3000) {
		l := newLayout(rand.New(rand.NewPCG(2, *first+uint64(seed))))
		l.add("x")
		how := names[seed%len(names)]
		spoilers[how](l, l.any())
		file := l.file()
		c, err := open(t, map[string][]byte{"a.safetensors": file}, openA)
		if err == nil {
			opened++
			for _, name := range c.Names() {
				if got, ok := c.Get(name); ok {
					tensor.Bytes(got)
				}
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d, %s: %v", seed, how, err)
		}
	}
	t.Logf("%d of %d open", opened, rounds(3000))
}

// TestRandomShards spreads a layout over files with an index, which is then spoilt.
func TestRandomShards(t *testing.T) {
	for seed := range rounds(500) {
		l := newLayout(rand.New(rand.NewPCG(3, *first+uint64(seed))))
		l.add("x")
		files, entries := map[string][]byte{}, []string{l.quote("metadata") + `:{"total_size":1}`}
		var weights []string
		for i, t := range l.tensors {
			shard := fmt.Sprintf("m-%d.safetensors", i)
			t.offsets = l.list([]int{0, len(t.data)})
			part := &layout{Rand: l.Rand, tensors: []*laid{t}, data: t.data}
			files[shard] = part.file()
			weights = append(weights, l.quote(t.name)+":"+l.quote(shard))
		}
		index := func() {
			entries = append(entries[:1], l.quote("weight_map")+":{"+strings.Join(weights, ","+l.space())+"}")
			l.Shuffle(2, func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
			files["m.index.json"] = []byte("{" + strings.Join(entries, ",") + "}")
		}
		opened := func() (*Checkpoint, error) {
			index()
			return open(t, files, func(d Dir) (*Checkpoint, error) { return OpenIndex(d, "m.index.json") })
		}
		c, err := opened()
		if err != nil {
			t.Fatalf("seed %d: %v: %q", seed, err, files)
		}
		l.check(t, c, l.tensors)
		weights[l.IntN(len(weights))] = []string{
			`"none":"m-0.safetensors"`, `"x":"m-9999.safetensors"`, `"x":` + l.number(), `"x":"` + strings.Repeat("m", 5000) + `.safetensors"`,
			`"x":"\u0000.safetensors"`, `"x":{"":{"":{"":{}}}}`, `"x"`,
		}[l.IntN(7)]
		if c, err := opened(); err == nil && len(l.tensors) == 1 {
			t.Errorf("seed %d: opened as %q: %q", seed, c.Names(), files)
		}
	}
}

// TestBoastingHeaders reads headers that decoders make much of.
func TestBoastingHeaders(t *testing.T) {
	digits, keys := strings.Repeat("9", 2<<20), manyKeys(100_000)[1:]
	if testing.Short() {
		keys = manyKeys(10_000)[1:]
	}
	for what, text := range map[string]string{
		"digits":       `{"a":` + digits + `}`,
		"exponent":     `{"a":1e` + digits + `}`,
		"size":         one(`"F32"`, "["+digits+"]", "[0,0]"),
		"type":         one(`"`+digits+`"`, "[0]", "[0,0]"),
		"name":         `{"` + digits + `":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}}`,
		"name of none": `{"` + digits + `":{}}`,
		"keys":         `{"a":{` + keys + `},"b":{` + keys + `},"c":{` + keys + `}}`,
		"metadata":     `{"__metadata__":{"` + digits + `":1}}`,
	} {
		if _, err := open(t, map[string][]byte{"a.safetensors": compose(text, 0)}, openA); err == nil {
			t.Errorf("%s: no error", what)
		}
		index := map[string][]byte{"m.index.json": []byte(text)}
		if _, err := open(t, index, func(d Dir) (*Checkpoint, error) { return OpenIndex(d, "m.index.json") }); err == nil {
			t.Errorf("%s: no error as an index", what)
		}
	}
}

// TestHeaderEnds checks that long headers and indices are not read to their end when reading shall end.
func TestHeaderEnds(t *testing.T) {
	header := many(maxTensors)
	d := dirOf(map[string][]byte{"a.safetensors": compose(header, 0), "m.index.json": []byte(header)})
	for name, open := range map[string]func() (*Checkpoint, error){
		"file":  func() (*Checkpoint, error) { return Open(d, "a.safetensors") },
		"index": func() (*Checkpoint, error) { return OpenIndex(d, "m.index.json") },
	} {
		asked := 0
		d.Admit = func(int64) error {
			if asked++; asked < 20 {
				return nil
			}
			return context.Canceled
		}
		if _, err := open(); !errors.Is(err, context.Canceled) || asked > 21 {
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		}
	}
}

// TestManyFiles checks that a message does not list a whole folder.
func TestManyFiles(t *testing.T) {
	files := map[string][]byte{}
	for i := range 1000 {
		files[fmt.Sprintf("vae/%d.safetensors", i)] = nil
	}
	if _, err := OpenComponent(dirOf(files), "vae"); err == nil || len(err.Error()) > 300 {
		t.Errorf("got %v", err)
	}
}
