package model

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
)

const (
	sumsFile  = "SHA256SUMS"
	stateFile = ".conversion.json" // of an unfinished folder: what it is to become
)

// work is a folder that is being written, file by file. Every file that has a sum is complete and on disk.
type work struct {
	dir    string
	sums   map[string]string // by name, in hexadecimal
	wanted map[string]bool   // names that this call has written or kept
}

// openWork returns the unfinished folder dir with what is whole in it, if it was begun for the same purpose, else a new one.
func openWork(ctx context.Context, dir string, purpose []byte) (*work, error) {
	w := &work{dir: dir, sums: map[string]string{}, wanted: map[string]bool{}}
	state, err := safetensors.DirOf(dir).Read(stateFile, maxConfigBytes)
	if err == nil && bytes.Equal(state, purpose) {
		return w, errors.Join(w.readSums(ctx), w.clean())
	}
	if entries, _ := os.ReadDir(dir); err != nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s: is in the way, and not of a conversion: remove it", dir)
	}
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, stateFile), purpose, 0o644); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

// readSums reads the sums of the files that are finished, and drops those that a file does not have any more.
func (w *work) readSums(ctx context.Context) error {
	text, err := safetensors.DirOf(w.dir).Read(sumsFile, maxVocabularyBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(w.dir, sumsFile), err)
	}
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		if got, err := sumOf(ctx, w.dir, name); err == nil && got == sum {
			w.sums[name] = sum
		}
	}
	return ctx.Err()
}

// sumOf returns the sum of a file in a folder.
func sumOf(ctx context.Context, dir, name string) (string, error) {
	f, err := safetensors.DirOf(dir).Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	for {
		_, err := io.CopyN(sum, f, 16<<20)
		if err == io.EOF {
			return text(sum), nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return "", err
		}
	}
}

func text(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// clean removes all files that have no sum: a program that ended may have left parts of one.
func (w *work) clean() error {
	return filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(w.dir, path)
		if err == nil && name != stateFile && name != sumsFile && w.sums[filepath.ToSlash(name)] == "" {
			err = os.Remove(path)
		}
		return err
	})
}

// keep keeps a file that is finished, and reports whether there is one.
func (w *work) keep(name string) bool {
	w.wanted[name] = true
	return w.sums[name] != ""
}

// write writes a file and notes its sum.
func (w *work) write(name string, content func(io.Writer) error) error {
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	w.wanted[name] = true
	sum := sha256.New()
	// The sum comes first: it reads what is mapped where a file that was cut is noticed, which a system call would not.
	err := atomicfile.Write(file, func(out io.Writer) error { return content(io.MultiWriter(sum, out)) })
	if err != nil {
		return err
	}
	w.sums[name] = text(sum)
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

// finish gives the complete folder its name. What an interrupted call has left that is not wanted any more goes.
func (w *work) finish(to string) error {
	maps.DeleteFunc(w.sums, func(name, _ string) bool { return !w.wanted[name] })
	if err := errors.Join(w.writeSums(), w.clean()); err != nil {
		return err
	}
	if err := os.Rename(w.dir, to); err != nil {
		return err
	}
	return os.Remove(filepath.Join(to, stateFile))
}

// purposeOf returns what a conversion depends on: another one must not go on with what this one has left.
func purposeOf(f *Folder, c Conversion) ([]byte, error) {
	type source struct {
		Path, Time string
		Size       int64
	}
	const version = 1 // of what is written for the same sources
	purpose := struct {
		Version, Weights int
		Sources          []source
	}{Version: version, Weights: int(c.Weights)}
	for _, part := range f.Parts {
		for _, name := range part.Checkpoint.Files() {
			info, err := os.Stat(name)
			if err != nil {
				return nil, err
			}
			path, err := filepath.Abs(name)
			if err != nil {
				return nil, err
			}
			purpose.Sources = append(purpose.Sources, source{path, info.ModTime().String(), info.Size()})
		}
	}
	return json.Marshal(purpose)
}
