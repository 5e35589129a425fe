//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// TestLinks checks that links stay and what they lead to is written, be it there or not.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "a/b"), 0o755),
		os.WriteFile(there, []byte("old"), 0o644),
		os.Symlink("there", filepath.Join(dir, "relative")),
		os.Symlink(filepath.Join(dir, "relative"), filepath.Join(dir, "chain")),
		os.Symlink("new", filepath.Join(dir, "dangling")),
		os.Symlink("a/b", filepath.Join(dir, "folder")),
		os.Symlink("../up", filepath.Join(dir, "a/b/up")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"relative": "there", "chain": "there", "dangling": "new", "folder/up": "a/up"} {
		path := filepath.Join(dir, link)
		if err := Write(path, text(link)); err != nil {
			t.Error(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s is no link any more: %v", link, err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, target)); string(got) != link {
			t.Errorf("%s: %q, %v", link, got, err)
		}
	}
	if err := Write(filepath.Join(dir, "loop"), text("")); !errors.Is(err, unix.ELOOP) {
		t.Errorf("loop: %v", err)
	}
}

// TestTryUnix tries what only some systems have: links, pipes, and folders that nothing may be written to.
func TestTryUnix(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	err := errors.Join(
		os.Mkdir(path("locked"), 0o555),
		os.Symlink("new", path("dangling")),
		os.Symlink("none/new", path("astray")),
		os.Symlink("loop", path("loop")),
		unix.Mkfifo(path("pipe"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, possible := range map[string]bool{
		"dangling": true, "astray": false, "loop": false, "pipe": true, "locked/new": os.Getuid() == 0, // whom no mode stops
	} {
		if err := Try(path(name)); (err == nil) != possible {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Try("/proc/new"); err == nil { // a folder that stops everybody, or that is missing
		t.Error("/proc/new: no error")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 5 {
		t.Errorf("%d entries", len(entries))
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	err := Write(dir, func(io.Writer) error { t.Error("content was asked for"); return nil })
	if err == nil || !strings.Contains(err.Error(), dir+": is a directory") {
		t.Error(err)
	}
}

// TestPipe checks that a pipe is written to, as it is and behind a link, and stays.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.Symlink("pipe", link)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link} {
		reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // which does not wait for a writer
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(path, text("content")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(pipe); err != nil || info.Mode().Type() != fs.ModeNamedPipe {
			t.Fatalf("the pipe is gone: %v", err)
		}
		got := make([]byte, 7)
		if _, err := io.ReadFull(reader, got); string(got) != "content" {
			t.Errorf("got %q, %v", got, err)
		}
		reader.Close()
	}
}

// TestDevice writes to a twin of /dev/null.
func TestDevice(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere it has other numbers")
	}
	path := filepath.Join(t.TempDir(), "null")
	if err := exec.Command("mknod", path, "c", "1", "3").Run(); err != nil {
		t.Skip("only root makes devices:", err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err != nil {
		t.Skip("no devices here:", err)
	} else {
		f.Close()
	}
	if err := Write(path, text("content")); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		t.Errorf("the device is gone: %v", err)
	}
}

// TestMode checks that a new file's mode heeds the umask, and that a file that is replaced keeps its own.
func TestMode(t *testing.T) {
	defer unix.Umask(unix.Umask(0o027))
	path := filepath.Join(t.TempDir(), "file")
	mode := func() fs.FileMode {
		t.Helper()
		if err := Write(path, text("content")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode()
	}
	if got := mode(); got != 0o640 {
		t.Errorf("a new file has mode %v", got)
	}
	if err := os.Chmod(path, 0o606); err != nil {
		t.Fatal(err)
	}
	if got := mode(); got != 0o606 {
		t.Errorf("a replaced file has mode %v", got)
	}
}
