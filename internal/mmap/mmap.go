// Package mmap gives read-only access to whole files as byte slices, without reading them where the system can map them.
//
// A mapped file that somebody cuts while it is in use turns reads of the lost pages into faults. Code that reads
// mapped bytes therefore runs inside [Guard], which makes such a fault an error that names the file.
package mmap

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/debug"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A Mapping is the content of one file.
type Mapping struct {
	name string
	mem  *tensor.Memory
	file *os.File // of a mapped file, to look at it again
	was  identity // when it was opened
}

// Open returns the content of f, which errors call name. A file of the operating system is mapped, if the platform is a
// Unix; any other file is read into memory, if admit, which is told the bytes that the file says it has, returns nil: a file may
// say anything. Admit is asked for none more before each piece. The Mapping does not need f to stay open.
func Open(f fs.File, name string, admit func(bytes int64) error) (*Mapping, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("mmap: %s: %w", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("mmap: %s: not a regular file", name)
	}
	if info.Size() < 0 || info.Size() > math.MaxInt {
		return nil, fmt.Errorf("mmap: %s: %d bytes do not fit in the address space", name, info.Size())
	}
	file, ok := f.(*os.File)
	mapped := ok && canMap && info.Size() > 0
	var data []byte
	if mapped {
		data, err = mapFile(file, int(info.Size()))
	} else {
		data, err = read(f, info.Size(), admit)
	}
	if err != nil {
		return nil, fmt.Errorf("mmap: %s: %w", name, err)
	}
	m := &Mapping{name: name, mem: tensor.HostMemory(data)}
	if mapped {
		m.mem.File = name
		if m.file, err = duplicate(file); err == nil {
			m.was, err = identify(m.file)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("mmap: %s: %w", name, errors.Join(err, m.Close()))
	}
	return m, nil
}

// read reads a file of so many bytes, in pieces.
func read(f io.Reader, size int64, admit func(bytes int64) error) ([]byte, error) {
	if err := admit(size); err != nil {
		return nil, err
	}
	const piece = 4 << 20
	data := make([]byte, size)
	for left := data; len(left) > 0; left = left[min(piece, len(left)):] {
		if err := admit(0); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(f, left[:min(piece, len(left))]); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// Name returns the name given to Open.
func (m *Mapping) Name() string { return m.name }

// Bytes returns the content of the file. It must not be written to, nor be used after Close.
func (m *Mapping) Bytes() []byte { return m.mem.Host }

// Memory returns the content as memory of tensors, which are out of reach after Close.
func (m *Mapping) Memory() *tensor.Memory { return m.mem }

// Mapped reports whether the bytes are pages of the file rather than a copy.
func (m *Mapping) Mapped() bool { return m.mem.File != "" }

// Evict tells the system that the bytes lo ≤ i < hi will not be needed soon: the pages that lie wholly among them stop
// counting as memory of this process. Reading them again is allowed and reads the file again. A copy stays.
func (m *Mapping) Evict(lo, hi int) {
	page := os.Getpagesize()
	lo = (lo + page - 1) / page * page
	if hi < m.mem.Size {
		hi = hi / page * page // the last page of the file has no other owner
	}
	if m.Mapped() && lo < hi {
		evict(m.mem.Host[lo:hi])
	}
}

// Prefetch tells the system that the bytes lo ≤ i < hi will be needed soon. It returns when reading has begun.
func (m *Mapping) Prefetch(lo, hi int) {
	lo = lo / os.Getpagesize() * os.Getpagesize()
	if m.Mapped() && lo < hi {
		prefetch(m.mem.Host[lo:hi])
	}
}

// Close unmaps the file. Reading its bytes afterwards is a fault.
func (m *Mapping) Close() error {
	data := m.mem.Host
	m.mem.Drop()
	if !m.Mapped() || data == nil {
		return nil
	}
	err := unmap(data)
	if m.file != nil {
		err = errors.Join(err, m.file.Close())
	}
	if err != nil {
		return fmt.Errorf("mmap: %s: %w", m.name, err)
	}
	return nil
}

// changed returns a [backend.FileError] if a mapped file has another size than when it was opened, or was written to since.
func (m *Mapping) changed() error {
	if m.file == nil {
		return nil
	}
	if now, err := identify(m.file); err != nil || m.was.rewritten(now) {
		return &backend.FileError{File: m.name, Changed: true}
	}
	return nil
}

// Guard runs f, which reads the file. See [Guard].
func (m *Mapping) Guard(f func() error) error { return Guard(f, m) }

// Guard runs f on this goroutine. A memory fault inside one of the files ends f and becomes a [backend.FileError]; any other
// panic goes on. Goroutines that f starts are not covered. If f succeeds though one of the files was changed since it was
// opened, that is a FileError, too: nobody knows what f has read.
func Guard(f func() error, files ...*Mapping) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fault(r, files)
		}
	}()
	if err := f(); err != nil {
		return err
	}
	for _, m := range files {
		if err := m.changed(); err != nil {
			return err
		}
	}
	return nil
}

// fault returns the error for a recovered panic, or panics again if it has nothing to do with the files.
func fault(r any, files []*Mapping) error {
	if e, ok := r.(interface{ Addr() uintptr }); ok {
		for _, m := range files {
			if m.Mapped() && m.mem.Contains(e.Addr()) {
				return &backend.FileError{File: m.name}
			}
		}
	}
	panic(r)
}
