//go:build unix

package mmap

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const canMap = true

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
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
