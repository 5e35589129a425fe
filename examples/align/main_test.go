package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/face"
)

const photo = "../../faceclip/testdata/sdxl/face.png"

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// output returns what f writes to stdout.
func output(t *testing.T, f func() error) ([]byte, error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	failed := f()
	os.Stdout = stdout
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text, failed
}

func TestAlign(t *testing.T) {
	dir := t.TempDir()
	out, debug := filepath.Join(dir, "face.png"), filepath.Join(dir, "overlay.png")
	text, err := output(t, func() error {
		return align(context.Background(), []string{"-i", photo, "-o", out, "-debug", debug, "-json"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ Faces []record }
	if err := json.Unmarshal(text, &result); err != nil || len(result.Faces) != 1 || result.Faces[0].Transform[0] == 0 {
		t.Errorf("%s: %v", text, err)
	}
	if b := decode(t, out).Bounds(); b != image.Rect(0, 0, face.Size, face.Size) {
		t.Errorf("crop %v", b)
	}
	eye := result.Faces[0].Points[0]
	if c := decode(t, debug).At(int(eye[0]), int(eye[1])); c != color.Color(pointColour) {
		t.Errorf("the eye in the overlay is %v", c)
	}
}

// TestPart checks that coordinates and overlay agree where the first picture of a GIF is a part of its canvas.
func TestPart(t *testing.T) {
	dir := t.TempDir()
	in, debug := filepath.Join(dir, "part.gif"), filepath.Join(dir, "overlay.png")
	img := decode(t, photo)
	part := image.NewPaletted(img.Bounds().Add(image.Pt(50, 30)), palette.WebSafe)
	draw.FloydSteinberg.Draw(part, part.Rect, img, img.Bounds().Min)
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	canvas := image.Config{Width: part.Rect.Max.X + 20, Height: part.Rect.Max.Y + 10}
	err = gif.EncodeAll(f, &gif.GIF{Image: []*image.Paletted{part}, Delay: []int{0}, Config: canvas})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	text, err := output(t, func() error {
		return align(context.Background(), []string{"-i", in, "-debug", debug, "-json"})
	})
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ Faces []record }
	if err := json.Unmarshal(text, &result); err != nil || len(result.Faces) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	overlay, eye := decode(t, debug), result.Faces[0].Points[0]
	if b := overlay.Bounds(); b != image.Rect(0, 0, canvas.Width, canvas.Height) {
		t.Errorf("overlay %v", b)
	}
	if c := color.RGBAModel.Convert(overlay.At(int(eye[0]), int(eye[1]))); c != pointColour {
		t.Errorf("the eye in the overlay is %v", c)
	}
}

func TestNoFace(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.png")
	if err := cli.WritePicture(empty, image.NewGray(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	text, err := output(t, func() error {
		return align(context.Background(), []string{"-i", empty, "-o", filepath.Join(dir, "face.png"), "-json"})
	})
	if !errors.As(err, new(face.NotFoundError)) || !bytes.Equal(text, []byte("{\"faces\":[]}\n")) {
		t.Errorf("%s, %v", text, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-o x.png", "-i FILE"}, {"-i " + photo, "at least one"}, {"-i none.jpg -json", "none.jpg"}, {"-i x -o y z", `"z"`},
		{"-i " + photo + " -o x.gif", "-o: "}, {"-i " + photo + " -debug no/such/x.png", "-debug: write no/such/x.png"},
		{"-i main.go -json", "main.go"}, {"-i " + photo + " -o x.png -person 4", "person"},
	} {
		if err := align(context.Background(), strings.Fields(c.args)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}
