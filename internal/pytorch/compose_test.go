package pytorch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
)

// archive returns a file with the given pickle and storages, as torch.save would lay it out.
func archive(t testing.TB, pickle string, storages map[string]string) []byte {
	t.Helper()
	files := []string{"r/data.pkl", pickle, "r/byteorder", "little"}
	for key, data := range storages {
		files = append(files, "r/data/"+key, data)
	}
	return zipOf(t, append(files, "r/version", "3\n")...)
}

// zipOf returns an archive of names and contents in turn.
func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A shaped is the numbers of a tensor for pickleOf.
type shaped struct {
	kind          string // GLOBAL's operand; FloatStorage if empty
	count, offset int64
	size, stride  []int64
	more          string // instructions for one more argument of the call
	after         string // instructions after the call
}

// vector is a whole storage as a tensor.
func vector(n int64) shaped { return shaped{count: n, size: []int64{n}, stride: []int64{1}} }

// pickleOf returns the pickle of {"x": a}, where a is a view of the storage "0".
func pickleOf(t testing.TB, a shaped) string {
	t.Helper()
	if a.kind == "" {
		a.kind = "torch\nFloatStorage\n"
	}
	return "\x80\x02}" + text("x") + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "c" + a.kind + text("0") + text("cpu") +
		number64(a.count) + "tQ" + number64(a.offset) + numbers(a.size) + numbers(a.stride) + "\x89N" + a.more + "tR" + a.after + "s."
}

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func number64(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func numbers(v []int64) string {
	s := "("
	for _, n := range v {
		s += number64(n)
	}
	return s + "t"
}

func describeResult(c *Checkpoint, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint("no error, tensors ", c.Names())
}
