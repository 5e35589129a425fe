// Package atomicfile writes files that are there as a whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Write writes what content writes. The file appears under its name only when it is complete and on disk; a file of that
// name is replaced. If anything fails, the folder is as before.
func Write(path string, content func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(&syncing{File: f}, 1<<20)
	if err := content(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Chmod(0o644), f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// A syncing file goes to disk while it is written: waiting for tens of gigabytes at the end would be long, and nothing
// could stop it.
type syncing struct {
	*os.File
	waiting int // bytes
}

func (s *syncing) Write(b []byte) (int, error) {
	n, err := s.File.Write(b)
	if s.waiting += n; s.waiting >= 64<<20 && err == nil {
		s.waiting, err = 0, s.Sync()
	}
	return n, err
}
