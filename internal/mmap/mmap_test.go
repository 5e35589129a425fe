package mmap

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
)

// temporary writes content to a file and maps it.
func temporary(t *testing.T, content []byte) *Mapping {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Open(f, path, anySize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func anySize(int64) error { return nil }

func TestOpen(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 3*os.Getpagesize() + 7} {
		content := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		m := temporary(t, content)
		if !bytes.Equal(m.Bytes(), content) {
			t.Errorf("%d bytes: content differs", size)
		}
		if want := canMap && size > 0; m.Mapped() != want {
			t.Errorf("%d bytes: Mapped() = %v, want %v", size, m.Mapped(), want)
		}
		if err := errors.Join(m.Close(), m.Close()); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestOpenReadsOtherFiles(t *testing.T) {
	f, err := fstest.MapFS{"a": {Data: []byte("content")}}.Open("a")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, "a", anySize)
	if err != nil || m.Mapped() || string(m.Bytes()) != "content" {
		t.Errorf("got %+v, %v", m, err)
	}
	m.Evict(0, 7)
	if string(m.Bytes()) != "content" || m.Close() != nil {
		t.Error("content is gone")
	}
}

func TestOpenFolder(t *testing.T) {
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := Open(f, "the folder", anySize); err == nil || !strings.Contains(err.Error(), "the folder: not a regular file") {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestEvictKeepsContent(t *testing.T) {
	page := os.Getpagesize()
	content := bytes.Repeat([]byte("0123456789"), page)
	m := temporary(t, content)
	for _, r := range [][2]int{{0, len(content)}, {0, 0}, {1, 2}, {page, 2 * page}, {1, 3 * page}, {9 * page, len(content)}} {
		m.Evict(r[0], r[1])
		if !bytes.Equal(m.Bytes(), content) {
			t.Errorf("after Evict(%d, %d): content differs", r[0], r[1])
		}
	}
}

func TestGuardPassesOn(t *testing.T) {
	m := temporary(t, []byte("x"))
	if err := m.Guard(func() error { return os.ErrClosed }); err != os.ErrClosed {
		t.Errorf("got error %v", err)
	}
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("got panic %v", r)
		}
	}()
	m.Guard(func() error { panic("other") })
}

// TestCutFile reads a file that was cut after it was mapped, in a process of its own: were the fault not caught, the
// process would die, and with it all tests.
func TestCutFile(t *testing.T) {
	if !canMap {
		t.Skip("files are read, not mapped")
	}
	if os.Getenv("MMAP_TEST_CUT") != "" {
		cut(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCutFile$", "-test.v")
	cmd.Env = append(os.Environ(), "MMAP_TEST_CUT=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "survived") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func cut(t *testing.T) {
	other := temporary(t, []byte("other"))
	m := temporary(t, make([]byte, 64*os.Getpagesize()))
	if err := os.Truncate(m.Name(), 10); err != nil {
		t.Fatal(err)
	}
	sum := 0
	read := func() error {
		for _, b := range m.Bytes() {
			sum += int(b)
		}
		return nil
	}
	err := Guard(read, other, m)
	var file *backend.FileError
	if !errors.As(err, &file) || file.File != m.Name() {
		t.Fatalf("got %v, want an error about %s", err, m.Name())
	}
	defer func() {
		if recover() == nil {
			t.Error("a fault in another file was taken")
		}
		t.Log("survived", sum)
	}()
	other.Guard(read)
}
