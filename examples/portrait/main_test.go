package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/mini/trained"
)

// TestPortrait draws one picture, and a sheet.
func TestPortrait(t *testing.T) {
	for _, c := range []struct {
		args          []string
		width, height int
	}{
		{[]string{"-prompt", "a person", "-width", "64", "-height", "80", "-steps", "2"}, 64, 80},
		{[]string{"-face", "june", "-steps", "1"}, 5*(2*160+16) + 16, 2*224 + 2*16 + 2*26},
		{[]string{"-face", "june", "-face", "kofi", "-steps", "1"}, 6*(2*160+16) + 16, 2*224 + 2*16 + 2*26},
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

// TestDocs checks that the sheet in docs says of itself what a sheet says, but for the steps: those of all its pictures take long.
func TestDocs(t *testing.T) {
	out := filepath.Join(t.TempDir(), "portrait.png")
	if err := portrait(t.Context(), []string{"-steps", "1", "-o", out}); err != nil {
		t.Fatal(err)
	}
	docs, want := read(t, "../../docs/portrait.png"), read(t, out)
	if want.Steps = trained.Steps; !reflect.DeepEqual(docs, want) {
		t.Errorf("docs/portrait.png says %+v, want %+v", docs, want)
	}
}

// TestRandomSeed draws from a seed that is drawn, and again from the one that the picture tells.
func TestRandomSeed(t *testing.T) {
	dir := t.TempDir()
	draw := func(name, seed string) (string, []byte) {
		file := filepath.Join(dir, name)
		if err := portrait(t.Context(), []string{"-prompt", "a person", "-width", "32", "-height", "32", "-steps", "1", "-seed", seed, "-o", file}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(read(t, file).Seed), data
	}
	seed, first := draw("first.png", "random")
	if other, _ := draw("other.png", "random"); other == seed {
		t.Errorf("seed %s was drawn twice", seed)
	}
	if again, second := draw("second.png", seed); again != seed || !bytes.Equal(second, first) {
		t.Errorf("seed %s gives another picture", seed)
	}
}

// read returns what a picture says of itself.
func read(t *testing.T, file string) faceclip.Metadata {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := faceclip.ReadMetadata(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
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

// TestNoOutput checks that an output that cannot be written is an error before anything else is looked at.
func TestNoOutput(t *testing.T) {
	for _, file := range []string{"no/such/folder/x.png", t.TempDir(), "x.webp", "x", "", strings.Repeat("n", 300) + ".png"} {
		err := portrait(t.Context(), []string{"-model", "none", "-photo", "none.jpg", "-o", file})
		if err == nil || !strings.HasPrefix(err.Error(), "-o: ") {
			t.Errorf("%.40s: %v", file, err)
		}
	}
}

// TestPillow draws as tools/goldens/metadata.py does, and compares what Pillow reads with what was written and what we read.
func TestPillow(t *testing.T) {
	var golden struct {
		Args []string
		PNG  map[string]string `json:"out.png"`
		JPEG map[string]string `json:"out.jpg"`
	}
	data, err := os.ReadFile("../../faceclip/testdata/metadata/ours.json")
	if err == nil {
		err = json.Unmarshal(data, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Software": "faceclip-go", "system": "FaceCLIP-SDXL", "model": "miniature", "prompt": golden.Args[1], "negative": "", "seed": "7",
		"size": "32x40", "steps": "1", "guidance": "4", "guided": "0 to 1", "rescale": "0.5", "sampler": "euler", "noise": "torch-2.6",
	}
	p, err := faceclip.OpenFS(t.Context(), trained.Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	want["weights"] = p.Info().Fingerprint
	const mark, generated = "DigitalSourceType", "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
	for _, texts := range []map[string]string{golden.PNG, golden.JPEG} {
		if texts[mark] != generated {
			t.Errorf("marked %q", texts[mark])
		}
		delete(texts, mark)
	}
	if !maps.Equal(golden.PNG, want) {
		t.Errorf("PNG: Pillow reads %q, want %q", golden.PNG, want)
	}
	var comment map[string]string
	if err := json.Unmarshal([]byte(golden.JPEG["comment"]), &comment); err != nil || !maps.Equal(comment, want) {
		t.Errorf("JPEG: Pillow reads %q, want %q; %v", comment, want, err)
	}
	dir := t.TempDir()
	for _, name := range []string{"out.png", "out.jpg"} {
		file := filepath.Join(dir, name)
		if err := portrait(t.Context(), append(golden.Args, "-o", file)); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		m, err := faceclip.ReadMetadata(f)
		if err != nil || m.Prompt != want["prompt"] || *m.Guidance.Negative != "" || m.Seed != 7 || m.Width != 32 || m.Height != 40 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}
