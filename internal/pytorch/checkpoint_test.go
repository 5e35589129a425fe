package pytorch

import (
	"bytes"
	"context"
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

func openBytes(file []byte) (*Checkpoint, error) {
	return Open(safetensors.Dir{FS: fstest.MapFS{"a.pt": {Data: file}}, Path: "models"}, "a.pt")
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

// whole returns a tensor with its memory.
func whole(c *Checkpoint, t tensor.Tensor, name string) (tensor.Tensor, error) {
	if t.Mem != nil {
		return t, nil
	}
	t = tensor.Make(tensor.HostMemory(make([]byte, t.Len()*t.DType().Size())), 0, t.DType(), t.Shape()...)
	return t, c.Copy(context.Background(), t.Mem.Host, name)
}

// readable returns the names of the tensors that can be read.
func readable(c *Checkpoint) []string {
	return slices.DeleteFunc(c.Names(), func(name string) bool { return c.Foreign(name) != "" })
}

func checkEqual(t *testing.T, c *Checkpoint, want *safetensors.Checkpoint) {
	t.Helper()
	if !slices.Equal(readable(c), want.Names()) {
		t.Fatalf("got tensors %q\nwant %q", readable(c), want.Names())
	}
	for _, name := range readable(c) {
		g, ok := c.Get(name)
		w, _ := want.Get(name)
		g, err := whole(c, g, name)
		if !ok || err != nil || g.DType() != w.DType() || !g.SameShape(w) || !bytes.Equal(content(g), content(w)) {
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
			c, err := Open(testdata, name+".pt")
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

// TestForeign has tensors that cannot be read beside some that can.
func TestForeign(t *testing.T) {
	c, err := Open(testdata, "foreign.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, want := range map[string]string{
		"f64": "torch.DoubleStorage[2]", "bool": "torch.BoolStorage[2]", "u16": "torch.uint16[3]", "rank5": "torch.FloatStorage[1 2 1 2 1]",
		"i16": "torch.ShortStorage[2]", "fnuz": "torch.float8_e4m3fnuz[2]", "complex": "torch.ComplexFloatStorage[2]", "a": "",
	} {
		if _, ok := c.Get(name); c.Foreign(name) != want || ok != (want == "") || !slices.Contains(c.Names(), name) {
			t.Errorf("%s is %q, want %q; can be read: %v", name, c.Foreign(name), want, ok)
		}
	}
	if err := c.DeleteFromNames("f"); err != nil || c.Foreign("64") == "" || c.Foreign("f64") != "" {
		t.Errorf("shorter names: %v, %q", err, c.Names())
	}
}

// checkPlaces checks that tensors are in the file, except those whose names say otherwise.
func checkPlaces(t *testing.T, c *Checkpoint) {
	t.Helper()
	for _, name := range readable(c) {
		g, _ := c.Get(name)
		c.Evict(g)
		c.Prefetch(g, 0, g.Extent())
		copied := strings.HasPrefix(name, "copy.") || strings.HasSuffix(name, "second.0.layers.1.weight")
		if copied != (g.Mem == nil) {
			t.Errorf("%s: to be copied %v, want %v", name, g.Mem == nil, copied)
		}
		if copied {
			continue
		}
		if g.Mem != c.mem || c.Mapped() && g.Mem.File != c.Path() {
			t.Errorf("%s: in file %q of %q", name, g.Mem.File, c.Path())
		}
		if c.Copy(context.Background(), nil, name) == nil {
			t.Errorf("%s: copied without need", name)
		}
	}
}

// TestCopy compares copies of views larger than a tile with what their strides say.
func TestCopy(t *testing.T) {
	for _, v := range []view{
		{rank: 2, size: [4]int{70, 45}, stride: [4]int{1, 70}, offset: 3},
		{rank: 3, size: [4]int{3, 50, 37}, stride: [4]int{1, 3, 150}},
		{rank: 4, size: [4]int{2, 65, 3, 3}, stride: [4]int{585, 1, 195, 65}, offset: 1},
		{rank: 1, size: [4]int{100}, stride: [4]int{7}},
	} {
		for _, v.dtype = range []tensor.DType{tensor.U8, tensor.BF16, tensor.F32} {
			size := v.dtype.Size()
			storage := make([]byte, 6000*size)
			for i := range storage {
				storage[i] = byte(i * i >> 5)
			}
			var want []byte
			for i := range v.len() {
				at := v.offset
				for d := v.rank - 1; d >= 0; d-- {
					at += i % v.size[d] * v.stride[d]
					i /= v.size[d]
				}
				want = append(want, storage[at*size:(at+1)*size]...)
			}
			got := make([]byte, len(want))
			if err := v.copy(context.Background(), got, storage); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v of %v: %v, other elements", v.size[:v.rank], v.dtype, err)
			}
		}
	}
}

// TestLastColumns reads columns of a matrix whose last row ends with them, and the file soon after.
func TestLastColumns(t *testing.T) {
	storage := make([]byte, 4*10_002)
	storage[4*10_001] = 1
	columns := shaped{count: 10_002, size: []int64{2, 2}, stride: []int64{10_000, 1}}
	c, err := openBytes(archive(t, pickleOf(t, columns), map[string]string{"0": string(storage)}))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := c.Get("x")
	if got, err = whole(c, got, "x"); err != nil || !bytes.Equal(content(got), append(make([]byte, 12), 1, 0, 0, 0)) {
		t.Errorf("got %x, %v", content(got), err)
	}
}

// TestCopyCancel checks that a copy ends with its context, and what is no tensor.
func TestCopyCancel(t *testing.T) {
	c, err := Open(testdata, "views.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := c.Copy(ctx, make([]byte, 1<<10), "copy.tied.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if c.Copy(context.Background(), nil, "none") == nil {
		t.Error("copied a tensor that is not there")
	}
}

// An impatient context ends when it has been asked so often.
type impatient struct {
	context.Context
	left *int
}

func (c impatient) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCopyEnds checks that the copy of one large matrix ends with its context, too.
func TestCopyEnds(t *testing.T) {
	v := view{dtype: tensor.U8, rank: 2, size: [4]int{1000, 1000}, stride: [4]int{1, 1000}}
	dst, left := make([]byte, 1_000_000), 10
	err := v.copy(impatient{context.Background(), &left}, dst, bytes.Repeat([]byte{1}, 1_000_000))
	if !errors.Is(err, context.Canceled) || dst[0] == 0 || dst[100_000] != 0 {
		t.Errorf("got %v, bytes %d and %d", err, dst[0], dst[100_000])
	}
}

func TestViewsShare(t *testing.T) {
	c, err := Open(testdata, "views.pt")
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
	_, err := Open(safetensors.DirOf("nowhere"), "sub/a.pt")
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
	c, err := Open(safetensors.DirOf(dir), "a.pt")
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
