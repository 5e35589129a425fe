package main

import (
	"context"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

// TestPortrait draws one picture, and a sheet.
func TestPortrait(t *testing.T) {
	for _, c := range []struct {
		args          []string
		width, height int
	}{
		{[]string{"-prompt", "a person", "-width", "64", "-height", "80", "-steps", "2"}, 64, 80},
		{[]string{"-face", "june", "-steps", "1"}, 5*(2*160+16) + 16, 2*224 + 2*16 + 2*26},
	} {
		out := filepath.Join(t.TempDir(), "portrait.png")
		if err := portrait(context.Background(), append(c.args, "-o", out)); err != nil {
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
		if b := img.Bounds(); b.Dx() != c.width || b.Dy() != c.height {
			t.Errorf("%q: picture %v", c.args, b)
		}
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
