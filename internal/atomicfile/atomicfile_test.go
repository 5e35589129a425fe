package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file.txt")
	for _, text := range []string{"first", "second"} {
		if err := Write(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error { io.WriteString(w, "third"); return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "second" {
		t.Errorf("a failed write left %q", got)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
	if Write(filepath.Join(dir, "none", "file"), func(io.Writer) error { return nil }) == nil {
		t.Error("a missing folder is no error")
	}
}

// TestTry checks that what Try says is what Write does, and that it leaves a folder as it is.
func TestTry(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	name := func(bytes int) string { return filepath.Join(dir, strings.Repeat("n", bytes-4)+".png") }
	for path, possible := range map[string]bool{
		old: true, filepath.Join(dir, "new"): true, filepath.Join(dir, "none", "new"): false, filepath.Join(old, "new"): false,
		"": false, dir: false, name(255): true, name(256): false,
	} {
		err := Try(path)
		if (err == nil) != possible {
			t.Errorf("%.60s of %d bytes: %v", path, len(filepath.Base(path)), err)
		}
		if err != nil && !strings.Contains(err.Error(), path+":") {
			t.Errorf("%v does not name %s", err, path)
		}
		if got, err := os.ReadFile(old); string(got) != "old" {
			t.Fatalf("%.60s: %q, %v", path, got, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Fatalf("%.60s: %d files are left", path, len(entries))
		}
		if err := Write(path, func(io.Writer) error { return nil }); (err == nil) != possible {
			t.Errorf("%.60s: written: %v", path, err)
		}
		if possible && path != old {
			os.Remove(path)
		} else if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
