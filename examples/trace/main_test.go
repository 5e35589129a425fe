package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestTrace checks that equal requests give equal files.
func TestTrace(t *testing.T) {
	var files [2][]byte
	for i := range files {
		out := filepath.Join(t.TempDir(), "trace")
		args := []string{"-width", "32", "-height", "40", "-steps", "2", "-prompt", "a man", "-workers", []string{"1", "3"}[i], "-o", out}
		if err := trace(context.Background(), args); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two traces of one request differ")
	}
	for _, stage := range []string{`"positive.vit_l.class"`, `"latent.02"`, `"eps_negative.00"`, `"size":"32x40"`} {
		if !bytes.Contains(files[0], []byte(stage)) {
			t.Errorf("no %s", stage)
		}
	}
}
