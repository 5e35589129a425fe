package pytorch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var testdata = safetensors.DirOf("testdata")

// plenty is more memory than any test needs.
const plenty = 1 << 30

func openBytes(file []byte) (*Checkpoint, error) {
	return Open(safetensors.Dir{FS: fstest.MapFS{"a.pt": {Data: file}}, Path: "models"}, "a.pt", plenty)
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// content returns the elements of a tensor, strided or not, in order.
func content(t tensor.Tensor) []byte {
	var b []byte
	if t.Len() == 0 {
		return b
	}
	row := t.DType().Size()
	if t.Rank() > 0 {
		row *= t.Dim(-1)
	}
	for r := range t.Rows() {
		at := t.Offset() + t.Row(r)*t.DType().Size()
		b = append(b, t.Mem.Host[at:at+row]...)
	}
	return b
}

func checkEqual(t *testing.T, c *Checkpoint, want *safetensors.Checkpoint) {
	t.Helper()
	if !slices.Equal(c.Names(), want.Names()) {
		t.Fatalf("got tensors %q\nwant %q", c.Names(), want.Names())
	}
	for _, name := range c.Names() {
		g, ok := c.Get(name)
		w, _ := want.Get(name)
		if !ok || g.DType() != w.DType() || !g.SameShape(w) || !bytes.Equal(content(g), content(w)) {
			t.Errorf("%s: got %v %x\nwant %v %x", name, g, content(g), w, content(w))
		}
	}
}

// TestReference compares with what PyTorch has saved.
func TestReference(t *testing.T) {
	files, err := filepath.Glob("testdata/*.safetensors")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".safetensors")
		t.Run(name, func(t *testing.T) {
			c, err := Open(testdata, name+".pt", plenty)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			want, err := safetensors.Open(testdata, name+".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			defer want.Close()
			checkEqual(t, c, want)
			c.EvictAll()
			checkEqual(t, c, want)
			checkPlaces(t, c)
		})
	}
}

// checkPlaces checks that tensors are in the file, except those whose names say otherwise, and that Copied counts these.
func checkPlaces(t *testing.T, c *Checkpoint) {
	t.Helper()
	copies := map[*tensor.Memory]bool{}
	n := 0
	for _, name := range c.Names() {
		g, _ := c.Get(name)
		c.Evict(g)
		c.Prefetch(g, 0, g.Extent())
		private := strings.HasPrefix(name, "copy.") || strings.HasSuffix(name, "second.0.layers.1.weight")
		if private != (g.Mem != c.mem) {
			t.Errorf("%s: private %v, want %v", name, g.Mem != c.mem, private)
		}
		if want := c.Path(); c.Mapped() && !private && g.Mem.File != want || private && g.Mem.File != "" {
			t.Errorf("%s: in file %q of %q", name, g.Mem.File, want)
		}
		if private && !copies[g.Mem] {
			n += g.Mem.Size
			copies[g.Mem] = true
		}
	}
	if c.Copied() != int64(n) {
		t.Errorf("Copied() = %d, want %d", c.Copied(), n)
	}
}

// TestViewsLimit checks that copies take no more memory than they may.
func TestViewsLimit(t *testing.T) {
	c, err := Open(testdata, "views.pt", plenty)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	exact, err := Open(testdata, "views.pt", c.Copied())
	if err != nil {
		t.Fatal(err)
	}
	exact.Close()
	var short *backend.MemoryError
	if _, err := Open(testdata, "views.pt", c.Copied()-1); !errors.As(err, &short) || !strings.Contains(err.Error(), "views.pt") {
		t.Errorf("got %v, want a MemoryError", err)
	}
}

func TestViewsShare(t *testing.T) {
	c, err := Open(testdata, "views.pt", plenty)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	get := func(name string) tensor.Tensor {
		g, ok := c.Get(name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		return g
	}
	first, second := get("view.first"), get("view.second")
	if first.Offset()+first.Extent() != second.Offset() {
		t.Errorf("%d bytes from %d, then from %d: not views of one storage", first.Extent(), first.Offset(), second.Offset())
	}
	if a, b := get("copy.tied.1"), get("copy.tied.2"); a.Mem != b.Mem {
		t.Error("a view with two names was copied twice")
	}
	for name, want := range map[string][]int{
		"view.columns": {10, 1}, "view.every_second_row": {20, 1}, "view.inner": {60, 20, 5, 1}, "view.plane": {60, 5, 1},
		"view.column": {10, 1},
	} {
		g := get(name)
		for i, w := range want {
			if g.Stride(i) != w {
				t.Errorf("%s: stride %d of dimension %d, want %d", name, g.Stride(i), i, w)
			}
		}
	}
}

func TestPlainFile(t *testing.T) {
	file := read(t, "parameters.pt")
	c, err := openBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	path := filepath.Join("models", "a.pt")
	if c.Mapped() || c.Path() != path || c.Files()[0] != path || c.Size() != int64(len(file)) {
		t.Errorf("mapped %v, path %q, file %q, %d bytes", c.Mapped(), c.Path(), c.Files()[0], c.Size())
	}
	if g, _ := c.Get("weight"); g.Mem.File != "" {
		t.Errorf("private memory is said to be of %q", g.Mem.File)
	}
	if _, ok := c.Get("none"); ok {
		t.Error("found a tensor that is not there")
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Open(safetensors.DirOf("nowhere"), "sub/a.pt", plenty)
	if path := filepath.Join("nowhere", "sub", "a.pt"); err == nil || strings.Count(err.Error(), path) != 1 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want an error naming %s once", err, path)
	}
}

func TestCutFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pt")
	file := archive(t, pickleOf(t, vector(1<<18)), map[string]string{"0": string(make([]byte, 1<<20))})
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(safetensors.DirOf(dir), "a.pt", plenty)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !c.Mapped() {
		t.Skip("files are read, not mapped")
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	got, _ := c.Get("x")
	err = c.Guard(func() error {
		bytes.Contains(tensor.Bytes(got), []byte("x"))
		return nil
	})
	var cut *backend.FileError
	if !errors.As(err, &cut) || cut.File != path {
		t.Errorf("got %v, want an error about %s", err, path)
	}
}
