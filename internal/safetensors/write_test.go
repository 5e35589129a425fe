package safetensors

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestWriteIsDeterministic(t *testing.T) {
	tensors, metadata := sample(), map[string]string{"b": "2", "a": "1", "c": "3"}
	var first bytes.Buffer
	for i := range 20 {
		var b bytes.Buffer
		if err := Write(&b, maps.Clone(metadata), Entries(tensors)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b
		} else if !bytes.Equal(b.Bytes(), first.Bytes()) {
			t.Fatalf("run %d wrote other bytes", i)
		}
	}
	if n, err := header(first.Bytes()); err != nil || len(n)%8 != 0 {
		t.Errorf("header of %d bytes, %v", len(n), err)
	}
}

func TestWriteRefuses(t *testing.T) {
	good := EntryOf("a", tensor.FromBytes([]byte{1, 2}, 2))
	bytesOf := func(n int) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(make([]byte, n)); return err }
	}
	for name, entries := range map[string][]Entry{
		`tensor "a": name is taken`:                 {good, good},
		`tensor "__metadata__": name is taken`:      {{"__metadata__", tensor.U8, []int{1}, bytesOf(1)}},
		`tensor "b": impossible`:                    {{"b", tensor.U8, []int{-1}, bytesOf(1)}},
		`impossible dtype(0)`:                       {{"b", 0, []int{1}, bytesOf(1)}},
		`impossible u8[1 1 1 1 1]`:                  {{"b", tensor.U8, []int{1, 1, 1, 1, 1}, bytesOf(1)}},
		`tensor "b": f32[2] takes 8 bytes, got 4`:   {{"b", tensor.F32, []int{2}, bytesOf(4)}},
		`tensor "b": f32[2] takes 8 bytes, got 12`:  {{"b", tensor.F32, []int{2}, bytesOf(12)}},
		`write: tensor "b": file already closed`:    {{"b", tensor.U8, []int{1}, func(io.Writer) error { return os.ErrClosed }}},
		`tensor "c": io: read/write on closed pipe`: {{"c", tensor.U8, nil, func(io.Writer) error { return io.ErrClosedPipe }}},
	} {
		if err := Write(io.Discard, nil, entries); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

func TestWriteFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.safetensors")
	broken := Entry{"b", tensor.U8, []int{1}, func(w io.Writer) error { w.Write([]byte{1}); return io.ErrClosedPipe }}
	list := func() []string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	err := WriteFile(path, nil, []Entry{broken})
	if !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), path) || len(list()) != 0 {
		t.Errorf("got %v, folder has %q", err, list())
	}
	good := EntryOf("a", tensor.FromBytes([]byte{1, 2}, 2))
	for range 2 {
		if err := WriteFile(path, nil, []Entry{good}); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := os.ReadFile(path)
	if err := WriteFile(path, nil, []Entry{broken}); err == nil {
		t.Error("no error")
	}
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) || !slices.Equal(list(), []string{"a.safetensors"}) {
		t.Errorf("the old file is gone; folder has %q", list())
	}
	if err := WriteFile(filepath.Join(dir, "none", "a"), nil, nil); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}
