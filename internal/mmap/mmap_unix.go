//go:build unix

package mmap

import (
	"os"

	"golang.org/x/sys/unix"
)

const canMap = true

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
}

func unmap(b []byte) error { return unix.Munmap(b) }

// evict is advice: if the system does not take it, the pages merely stay.
func evict(b []byte) { unix.Madvise(b, unix.MADV_DONTNEED) }
