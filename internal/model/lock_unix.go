//go:build unix

package model

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock makes sure that only one program writes to: the system forgets a lock when its holder ends. The function returned
// gives it back.
func lock(file, to string) (unlock func(), err error) {
	if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is in the way: remove it", file)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil || !isFile(f, file) {
		f.Close()
		return nil, fmt.Errorf("%s: is being written by another call or program", to)
	}
	return func() {
		os.Remove(file)
		f.Close()
	}, nil
}

// isFile reports whether f is still what name stands for: the call that held the lock before may have removed it meanwhile.
func isFile(f *os.File, name string) bool {
	ours, err := f.Stat()
	theirs, err2 := os.Stat(name)
	return err == nil && err2 == nil && os.SameFile(ours, theirs)
}
