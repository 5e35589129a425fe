//go:build unix

package mmap

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
)

// TestChanged does to a file what may happen while it is in use. What gives it other content is an error, even if its time of
// modification is set back afterwards.
func TestChanged(t *testing.T) {
	write := func(name string, flags int) error {
		f, err := os.OpenFile(name, flags, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString("other")
		return errors.Join(err, f.Close())
	}
	for _, c := range []struct {
		name    string
		do      func(name string) error
		changed bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"read", func(name string) error { _, err := os.ReadFile(name); return err }, false},
		{"written to", func(name string) error { return write(name, os.O_WRONLY) }, true},
		{"written anew", func(name string) error { return write(name, os.O_WRONLY|os.O_TRUNC) }, true},
		{"longer", func(name string) error { return write(name, os.O_WRONLY|os.O_APPEND) }, true},
		{"cut", func(name string) error { return os.Truncate(name, 5) }, true},
		{"cut and made longer", func(name string) error { return errors.Join(os.Truncate(name, 5), os.Truncate(name, 10)) }, true},
		{"permissions", func(name string) error { return os.Chmod(name, 0o400) }, false},
		{"another name beside", func(name string) error { return os.Link(name, name+"2") }, false},
		{"another name", func(name string) error { return os.Rename(name, name+"2") }, false},
		{"removed", os.Remove, false},
		{"replaced", func(name string) error {
			return errors.Join(os.WriteFile(name+"2", []byte("others"), 0o600), os.Rename(name+"2", name))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "file")
			past := time.Now().Add(-time.Hour)
			if err := errors.Join(os.WriteFile(name, []byte("some bytes"), 0o600), os.Chtimes(name, past, past)); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			m, err := Open(f, name, anySize)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			time.Sleep(20 * time.Millisecond) // the system's clock of files is coarse
			if err := c.do(name); err != nil {
				t.Fatal(err)
			}
			if c.changed {
				if err := os.Chtimes(name, past, past); err != nil {
					t.Fatal(err)
				}
			}
			var changed *backend.FileError
			if err := m.Guard(func() error { return nil }); errors.As(err, &changed) != c.changed {
				t.Errorf("got %v", err)
			}
		})
	}
}
