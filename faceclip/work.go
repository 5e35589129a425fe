package faceclip

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
)

const (
	sumsFile  = "SHA256SUMS"
	stateFile = ".conversion.json" // of an unfinished folder: what it is to become
)

// work is a folder that is being written, file by file. Every file that has a sum is complete and on disk.
type work struct {
	dir  string
	sums map[string]string // by name, in hexadecimal
}

// openWork returns the unfinished folder dir if it was begun for the same purpose, else a new one.
func openWork(dir string, purpose []byte) (*work, error) {
	w := &work{dir: dir, sums: map[string]string{}}
	if state, err := os.ReadFile(filepath.Join(dir, stateFile)); err == nil && bytes.Equal(state, purpose) {
		return w, w.readSums()
	}
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return nil, err
	}
	return w, os.WriteFile(filepath.Join(dir, stateFile), purpose, 0o644)
}

// readSums reads the sums of the files that are finished.
func (w *work) readSums() error {
	text, err := os.ReadFile(filepath.Join(w.dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			w.sums[name] = sum
		}
	}
	return err
}

// has reports whether a file is finished.
func (w *work) has(name string) bool { return w.sums[name] != "" }

// write writes a file and notes its sum.
func (w *work) write(name string, content func(io.Writer) error) error {
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	sum := sha256.New()
	err := atomicfile.Write(file, func(out io.Writer) error { return content(io.MultiWriter(out, sum)) })
	if err != nil {
		return err
	}
	w.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return w.writeSums()
}

// writeSums writes the sums in the format of sha256sum.
func (w *work) writeSums() error {
	return atomicfile.Write(filepath.Join(w.dir, sumsFile), func(out io.Writer) error {
		for _, name := range slices.Sorted(maps.Keys(w.sums)) {
			if _, err := fmt.Fprintf(out, "%s  %s\n", w.sums[name], name); err != nil {
				return err
			}
		}
		return nil
	})
}

// finish removes what says that the folder is unfinished.
func (w *work) finish() error { return os.Remove(filepath.Join(w.dir, stateFile)) }

// describe returns what a conversion depends on: another one must not go on with what this one has left.
func describe(f *folder, o ConvertOptions) []byte {
	type source struct {
		Path string
		Size int64
		Time string
	}
	var sources []source
	for _, part := range f.parts {
		s := source{Path: part.checkpoint.File(), Size: part.checkpoint.Size()}
		if info, err := os.Stat(s.Path); err == nil {
			s.Time = info.ModTime().String()
		}
		sources = append(sources, s)
	}
	slices.SortFunc(sources, func(a, b source) int { return cmp.Compare(a.Path, b.Path) })
	text, err := json.Marshal(struct {
		Weights int
		Sources []source
	}{int(o.Weights), sources})
	if err != nil {
		panic(err) // strings and numbers cannot fail
	}
	return text
}
