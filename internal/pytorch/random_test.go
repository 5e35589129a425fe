package pytorch

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

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
		l := newLayout(rand.New(rand.NewPCG(1, uint64(seed))))
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
