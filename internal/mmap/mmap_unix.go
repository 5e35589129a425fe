//go:build unix

package mmap

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const canMap = true

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

// An identity tells whether a file has been written to.
type identity struct {
	size              int64
	modified, changed time.Time // the content; anything, such as the content, the name or the permissions
	inode             inode
	here              bool // the file has the name by which it was opened
}

// An inode is what changes a file's time of change beside its content.
type inode struct{ mode, links, user, group uint64 }

func identify(f *os.File) (identity, error) {
	var s unix.Stat_t
	info, err := f.Stat()
	if err == nil {
		err = unix.Fstat(int(f.Fd()), &s)
	}
	if err != nil {
		return identity{}, err
	}
	named, err := os.Stat(f.Name())
	return identity{
		size: info.Size(), modified: info.ModTime(), changed: time.Unix(s.Ctim.Unix()),
		inode: inode{uint64(s.Mode), uint64(s.Nlink), uint64(s.Uid), uint64(s.Gid)},
		here:  err == nil && os.SameFile(info, named),
	}, nil
}

// rewritten reports whether a file that was so may have another content now. Programs can set its time of modification back, not
// that of a change, which only another name, owner or permission explains.
func (was identity) rewritten(now identity) bool {
	if now.size != was.size || !now.modified.Equal(was.modified) {
		return true
	}
	return !now.changed.Equal(was.changed) && now.inode == was.inode && now.here == was.here
}

// duplicate returns another handle of a file.
func duplicate(f *os.File) (*os.File, error) {
	handle, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(handle), f.Name()), nil
}

// unmap gives the pages back first, since evict does so faster.
func unmap(b []byte) error {
	evict(b)
	return unix.Munmap(b)
}

// prefetch is advice: if the system does not take it, the pages are read when they are used.
func prefetch(b []byte) { unix.Madvise(b, unix.MADV_WILLNEED) }

// evict is advice: if the system does not take it, the pages merely stay. All processors give back pages at once, which
// for gigabytes takes a tenth of a second less than one.
func evict(b []byte) {
	const piece = 64 << 20 // a multiple of the size of pages
	var pieces sync.WaitGroup
	for lo := 0; lo < len(b); lo += piece {
		pieces.Go(func() { unix.Madvise(b[lo:min(lo+piece, len(b))], unix.MADV_DONTNEED) })
	}
	pieces.Wait()
}
