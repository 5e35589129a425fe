package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// An Entry is a tensor to be written. Data writes its elements, little-endian, when their turn comes; so a file may be
// larger than memory.
type Entry struct {
	Name  string
	DType tensor.DType
	Shape []int
	Data  func(io.Writer) error
}

// EntryOf returns an Entry with the elements of a compact host tensor.
func EntryOf(name string, t tensor.Tensor) Entry {
	return Entry{name, t.DType(), t.Shape(), func(w io.Writer) error {
		_, err := w.Write(tensor.Bytes(t))
		return err
	}}
}

// Entries returns the entries for named compact host tensors.
func Entries(tensors map[string]tensor.Tensor) []Entry {
	var entries []Entry
	for name, t := range tensors {
		entries = append(entries, EntryOf(name, t))
	}
	return entries
}

// Write writes a file. Equal tensors and metadata give equal bytes, whatever their order: like the reference
// implementation it puts wide element types first, which aligns all tensors, and sorts by name among equal types.
func Write(w io.Writer, metadata map[string]string, entries []Entry) error {
	if err := write(w, metadata, entries); err != nil {
		return fmt.Errorf("safetensors: write: %w", err)
	}
	return nil
}

// WriteFile is Write to a file, which appears when it is complete. If anything fails, the folder is as before.
func WriteFile(path string, metadata map[string]string, entries []Entry) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return write(w, metadata, entries) })
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, metadata map[string]string, entries []Entry) error {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b Entry) int {
		first, second := slices.Index(ordered, a.DType), slices.Index(ordered, b.DType)
		return cmp.Or(cmp.Compare(second, first), strings.Compare(a.Name, b.Name))
	})
	text, err := formatHeader(metadata, entries)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	for _, e := range entries {
		counted := counter{w: w}
		if err := e.Data(&counted); err != nil {
			return fmt.Errorf("tensor %.100q: %w", e.Name, err)
		}
		if counted.n != e.size() {
			return fmt.Errorf("tensor %.100q: %v%v takes %d bytes, got %d", e.Name, e.DType, e.Shape, e.size(), counted.n)
		}
	}
	return nil
}

// formatHeader returns the length and the JSON text, padded with spaces so that the data is aligned.
func formatHeader(metadata map[string]string, entries []Entry) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, lengthSize))
	b.WriteByte('{')
	if len(metadata) > 0 {
		formatMember(b, metadataName, metadata)
	}
	end, seen := uint64(0), map[string]bool{metadataName: true}
	for _, e := range entries {
		if !e.DType.Valid() || len(e.Shape) > tensor.MaxRank || slices.ContainsFunc(e.Shape, func(d int) bool { return d < 0 }) {
			return nil, fmt.Errorf("tensor %.100q: impossible %v%v", e.Name, e.DType, e.Shape)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("tensor %.100q: name is taken", e.Name)
		}
		seen[e.Name] = true
		next := end + uint64(e.size())
		formatMember(b, e.Name, written{nameOf(e.DType), append([]int{}, e.Shape...), [2]uint64{end, next}})
		end = next
	}
	b.WriteByte('}')
	b.WriteString(strings.Repeat(" ", -b.Len()&7))
	text := b.Bytes()
	binary.LittleEndian.PutUint64(text, uint64(len(text)-lengthSize))
	return text, nil
}

// written is what a header says about a tensor.
type written struct {
	DType   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// formatMember appends one member to the header's object.
func formatMember(b *bytes.Buffer, name string, value any) {
	if b.Len() > lengthSize+1 {
		b.WriteByte(',')
	}
	formatJSON(b, name)
	b.WriteByte(':')
	formatJSON(b, value)
}

// formatJSON appends a value, without the newline and the escapes for HTML of json.Marshal.
func formatJSON(b *bytes.Buffer, value any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // strings and numbers cannot fail
	}
	b.Truncate(b.Len() - 1)
}

func (e Entry) size() int64 {
	n := int64(e.DType.Size())
	for _, d := range e.Shape {
		n *= int64(d)
	}
	return n
}

// A counter counts the bytes written to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
