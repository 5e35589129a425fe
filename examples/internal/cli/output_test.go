package cli

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/face"
	"github.com/faceclip-go/faceclip-go/faceclip"
)

// TestWritten checks that a file is of the format of its name, and whether it says that it was generated.
func TestWritten(t *testing.T) {
	img, m := image.NewNRGBA(image.Rect(0, 0, 30, 20)), faceclip.Metadata{Prompt: "a café", Steps: 3}
	for name, format := range map[string]string{"a.png": "png", "b.PNG": "png", "c.jpg": "jpeg", "d.JPeG": "jpeg"} {
		file := filepath.Join(t.TempDir(), name)
		for _, generated := range []bool{true, false} {
			if err := TryPicture(file); err != nil {
				t.Error(err)
			}
			err := WritePicture(file, img)
			if generated {
				err = WriteGenerated(file, img, m)
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if c, got, err := image.DecodeConfig(bytes.NewReader(data)); err != nil || got != format || c.Width != 30 {
				t.Errorf("%s: %s, %v, %v", name, got, c, err)
			}
			if _, err := face.Decode(t.Context(), bytes.NewReader(data)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got, err := faceclip.ReadMetadata(bytes.NewReader(data))
			if (err == nil) != generated || generated && got != m {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			if marked := bytes.Contains(data, []byte("trainedAlgorithmicMedia")); marked != generated {
				t.Errorf("%s: marked %v", name, marked)
			}
		}
	}
}

// TestTryPicture checks that it says no before anything is drawn.
func TestTryPicture(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		"x": ".jpg", "x.gif": ".jpg", "x.png.txt": ".jpg", "": ".jpg", "png": ".jpg", "none/x.png": "none",
		strings.Repeat("n", 252) + ".png": "long", strings.Repeat("n", 251) + ".png": "", "x.jpeg": "",
	} {
		err := TryPicture(filepath.Join(dir, name))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want an error that has %q", name, err, want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("%d files are left", len(entries))
	}
}
