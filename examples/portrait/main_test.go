package main

import (
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestPortrait(t *testing.T) {
	out := filepath.Join(t.TempDir(), "portrait.png")
	args := []string{"-width", "64", "-height", "80", "-steps", "2", "-o", out}
	if err := portrait(context.Background(), args); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 64 || b.Dy() != 80 {
		t.Errorf("picture %v", b)
	}
}

// TestInterrupted checks that an interrupted program leaves no file.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := portrait(ctx, []string{"-o", filepath.Join(dir, "portrait.png")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%d files are left", len(entries))
	}
}
