package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// compose returns a file with the given header and so many bytes of data.
func compose(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// dirOf returns a folder in memory.
func dirOf(files map[string][]byte) Dir {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return Dir{FS: fsys, Path: "models"}
}

func openBytes(file []byte) (*Checkpoint, error) {
	return Open(dirOf(map[string][]byte{"a.safetensors": file}), "a.safetensors")
}

// sample has a tensor of each element type; the bytes of a tensor count from 0.
func sample() map[string]tensor.Tensor {
	tensors := map[string]tensor.Tensor{"empty": tensor.Make(tensor.HostMemory(nil), 0, tensor.F32, 2, 0, 3)}
	for dt := tensor.F32; dt.Valid(); dt++ {
		b := make([]byte, 6*dt.Size())
		for i := range b {
			b[i] = byte(i)
		}
		tensors["matrix."+dt.String()] = tensor.Make(tensor.HostMemory(b), 0, dt, 2, 3)
		tensors["scalar."+dt.String()] = tensor.Make(tensor.HostMemory(b), 0, dt)
	}
	return tensors
}

func checkEqual(t *testing.T, c *Checkpoint, want map[string]tensor.Tensor) {
	t.Helper()
	if names := slices.Sorted(maps.Keys(want)); !slices.Equal(c.Names(), names) {
		t.Fatalf("got tensors %q, want %q", c.Names(), names)
	}
	for name, w := range want {
		g, ok := c.Get(name)
		if !ok || g.DType() != w.DType() || !g.SameShape(w) || !bytes.Equal(tensor.Bytes(g), tensor.Bytes(w)) {
			t.Errorf("%s: got %v, want %v", name, g, w)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	dir, want := t.TempDir(), sample()
	path := filepath.Join(dir, "a.safetensors")
	if err := WriteFile(path, map[string]string{"seed": "1", "prompt": "<a & b>"}, Entries(want)); err != nil {
		t.Fatal(err)
	}
	c, err := Open(DirOf(dir), "a.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	checkEqual(t, c, want)
	c.EvictAll()
	m, _ := c.Get("matrix.f32")
	c.Evict(m)
	checkEqual(t, c, want)
	info, err := os.Stat(path)
	if err != nil || info.Size() != c.Size() {
		t.Errorf("Size() = %d, want %d", c.Size(), info.Size())
	}
	if c.Mapped() && m.Mem.File != path {
		t.Errorf("memory of file %q, want %q", m.Mem.File, path)
	}
	if got := c.Metadata()["prompt"]; got != "<a & b>" {
		t.Errorf("prompt %q", got)
	}
	if _, ok := c.Get("none"); ok {
		t.Error("found a tensor that is not there")
	}
}

// TestReference compares with a file written by safetensors 0.8.0 for Python, in both directions.
func TestReference(t *testing.T) {
	want, err := os.ReadFile("testdata/reference.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	c, err := openBytes(want)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tensors := map[string]tensor.Tensor{}
	for _, name := range c.Names() {
		tensors[name], _ = c.Get(name)
	}
	for name, want := range map[string]string{
		"f32": "f32[2 3] 0000c03f000000c00000404000000000cdcccc3d0000807f", "scalar": "i64[] 0700000000000000",
		"bf16": "bf16[3] 803f204040c0", "f16": "f16[1 3] 003c004100c2", "u8": "u8[3] 0102ff", "i8": "i8[3] ff0280",
		"i32": "i32[2] 00000040fbffffff", "e4m3": "f8_e4m3[3] 3ca07e", "e5m2": "f8_e5m2[2] 3ef7", "b<&>é": "f32[2 0 3] ",
	} {
		if got := fmt.Sprintf("%v %x", tensors[name], tensor.Bytes(tensors[name])); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	var got bytes.Buffer
	if err := Write(&got, c.Metadata(), Entries(tensors)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("wrote %q\nwant  %q", got.Bytes(), want)
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Open(DirOf("nowhere"), "sub/a.safetensors")
	if path := filepath.Join("nowhere", "sub", "a.safetensors"); err == nil || strings.Count(err.Error(), path) != 1 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want an error naming %s once", err, path)
	}
}

func TestCutFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.safetensors")
	big := tensor.FromBytes(make([]byte, 1<<20), 1<<20)
	if err := WriteFile(path, nil, []Entry{EntryOf("big", big)}); err != nil {
		t.Fatal(err)
	}
	c, err := Open(DirOf(dir), "a.safetensors")
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
	got, _ := c.Get("big")
	err = c.Guard(func() error {
		bytes.Contains(tensor.Bytes(got), []byte("x"))
		return nil
	})
	var cut *backend.FileError
	if !errors.As(err, &cut) || cut.File != path {
		t.Errorf("got %v, want an error about %s", err, path)
	}
}
