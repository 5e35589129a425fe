package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/faceclip-go/faceclip-go/internal/mmap"
)

// A Dir is where files come from.
type Dir struct {
	FS   fs.FS
	Path string // what messages put in front of a file's name; may be empty
	// Admit, if set, is asked before memory is taken for so many bytes of files that cannot be mapped, and, for none more, while
	// they are read. Its errors end that.
	Admit func(bytes int64) error
}

// DirOf returns the folder path of the operating system, whose files are mapped.
func DirOf(path string) Dir { return Dir{FS: os.DirFS(path), Path: path} }

// Display returns how messages call the file or folder name.
func (d Dir) Display(name string) string {
	return filepath.Join(d.Path, filepath.FromSlash(name))
}

// Open opens a regular file. An error has no name, since messages show the name with its folder.
func (d Dir) Open(name string) (fs.File, error) {
	info, err := fs.Stat(d.FS, name)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for somebody to write into it
		return nil, errors.New("not a regular file")
	}
	f, err := d.FS.Open(name)
	return f, cause(err)
}

// Map returns the content of a file, mapped if it can be. An error names the file.
func (d Dir) Map(name string) (*mmap.Mapping, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Display(name), err)
	}
	defer f.Close()
	m, err := mmap.Open(f, d.Display(name), d.admit)
	if err != nil {
		return nil, err
	}
	if err := m.Guard(func() error { return stranger(m.Bytes()) }); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Display(name), errors.Join(err, m.Close()))
	}
	return m, nil
}

func (d Dir) admit(bytes int64) error {
	if d.Admit == nil {
		return nil
	}
	return d.Admit(bytes)
}

// Ended returns the error that ends reading, such as that of a context, or nil.
func (d Dir) Ended() error { return d.admit(0) }

// Read returns the content of a file of at most limit bytes. An error has no name.
func (d Dir) Read(name string, limit int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	if err == nil {
		err = stranger(data)
	}
	return data, cause(err)
}

// cause drops the name from an error of the file system, since messages show the name with its folder.
func cause(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
