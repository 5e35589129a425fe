// Package atomicfile writes files that are there as a whole or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// Write writes what content writes. The file appears under its name only when it is complete and on disk; a file of that
// name is replaced, and its mode kept; a link to it stays. If anything fails, the folder is as before.
//
// What is no file but can be written to, such as a pipe, is simply written to.
func Write(path string, content func(io.Writer) error) error {
	path, old, err := target(path)
	if err != nil {
		return err
	}
	if old != nil && !old.Mode().IsRegular() {
		return writeTo(path, content)
	}
	return replace(path, old, content)
}

// Try finds out whether Write could write a file now, for those who have long to do before. It leaves nothing behind.
func Try(path string) error {
	path, old, err := target(path)
	if err != nil || old != nil && !old.Mode().IsRegular() { // to open a pipe would wait for somebody who reads it
		return err
	}
	f, err := create(path, old)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// target returns where to write, which is what a link leads to, and what is there, nil if nothing is.
func target(path string) (string, fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return "", nil, &fs.PathError{Op: "write", Path: path, Err: fs.ErrNotExist}
	case errors.Is(err, fs.ErrNotExist):
		info = nil
	case err != nil:
		return "", nil, err
	case info.IsDir():
		return "", nil, &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return path, info, nil
	}
	path, err = follow(path)
	return path, info, err
}

// writeTo writes to what is there.
func writeTo(path string, content func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = content(w)
	if err == nil {
		err = w.Flush()
	}
	return errors.Join(err, f.Close())
}

// follow returns what a link leads to, which need not be there yet.
func follow(path string) (string, error) {
	for range 40 {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(path)
			to = folder + to // not joined: .. is that of the folder that a link leads to
		}
		path = to
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: syscall.ELOOP}
}

// replace writes a file beside path and renames it. The file at path is old, nil if there is none.
func replace(path string, old fs.FileInfo, content func(io.Writer) error) (err error) {
	f, err := create(path, old)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if old != nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil { // the umask is for new files
			return err
		}
	}
	w := bufio.NewWriterSize(&syncing{File: f}, 1<<20)
	if err := content(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// create creates a file beside path with the mode that path has or would get. (os.CreateTemp knows nothing of that.) Its name is
// short: that of path may be as long as names can be.
func create(path string, old fs.FileInfo) (*os.File, error) {
	folder, _ := filepath.Split(path)
	mode := fs.FileMode(0o666)
	if old != nil {
		mode = old.Mode().Perm()
	}
	f, err := os.OpenFile(fmt.Sprintf("%s.part-%016x", folder, rand.Uint64()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	var failed *fs.PathError
	if errors.As(err, &failed) { // of a name that nobody has asked for
		err = &fs.PathError{Op: "write", Path: path, Err: failed.Err}
	}
	return f, err
}

// syncFolder makes a renaming outlast a crash of the machine. Where that cannot be done, the file is no worse than others.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		f.Sync()
		f.Close()
	}
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
