//go:build unix

package cpu

import "golang.org/x/sys/unix"

// allocate returns zeroed, page-aligned memory outside the garbage collector's heap.
func allocate(bytes int) ([]byte, error) {
	if bytes == 0 {
		return nil, nil
	}
	b, err := unix.Mmap(-1, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		preferHugePages(b)
	}
	return b, err
}

func unmap(b []byte) {
	if len(b) > 0 {
		unix.Munmap(b)
	}
}
