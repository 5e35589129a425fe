package face

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// lossless are the files that show the picture as Pillow does; tools/goldens/photos.py has checked that it does.
var lossless = strings.Fields(`
	alpha.png alpha-6.png alpha-16-6.png alpha.webp alpha-6.webp alpha.tif alpha.bmp key.png index.gif index-6.png
	xmp-6.png xmp-zipped-6.png raw-zipped-6.png raw-text-6.png raw-utf8-6.png both-6.png xmp-6.webp orientation-6.tif xmp-6.tif
	crc.png more-rows.png more-data.png no-end.png large-frame.gif interlaced.gif long-rows.gif
	raw.tif tiff_lzw.tif tiff_adobe_deflate.tif packbits.tif big-endian.tif palette.tif plain.bmp palette.bmp`)

// TestPillow checks files that say in other ways how they are turned, that hide colours or that are odd.
func TestPillow(t *testing.T) {
	for _, name := range lossless {
		checkCorners(t, name, 2)
	}
	for _, name := range []string{"xmp-6.jpg", "xmp-element-8.jpg", "no-end.jpg"} {
		checkCorners(t, name, 12)
	}
}

// TestHiddenEverywhere checks each pixel of pictures that hide theirs, some by an alpha of 0.
func TestHiddenEverywhere(t *testing.T) {
	for _, name := range []string{"alpha.png", "alpha-6.png", "alpha-16-6.png", "alpha.webp", "alpha-6.webp", "alpha.tif", "alpha.bmp", "index.gif", "key.png"} {
		img, err := decodeFile(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b := img.Bounds()
		for i := range 16 * 24 {
			x, y := i%16, i/16
			want := corners[x/8+y/12*2]
			if got := img.At(b.Min.X+x, b.Min.Y+y); far(got, want, 0) {
				t.Fatalf("%s: (%d, %d) is %v", name, x, y, got)
			}
		}
	}
}

// TestOrientations compares with Pillow on EXIF data and XMP of all sorts, and on what is left of them when they are cut.
func TestOrientations(t *testing.T) {
	file, err := os.Open("testdata/orientations.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	n := 0
	for ; lines.Scan(); n++ {
		var exif, xmp string
		var want int
		if _, err := fmt.Sscan(lines.Text(), &exif, &xmp, &want); err != nil {
			t.Fatal(err)
		}
		var m metadata
		m.exif, _ = hex.DecodeString(strings.Trim(exif, "-"))
		m.xmp, _ = hex.DecodeString(strings.Trim(xmp, "-"))
		if got := m.orientation(); got != want {
			t.Errorf("line %d: %d, want %d", n+1, got, want)
		}
		for end := range m.exif {
			metadata{exif: m.exif[:end]}.orientation()
		}
	}
	if n < 500 {
		t.Errorf("%d lines", n)
	}
}

// TestUnread checks that files of other formats are called what they are.
func TestUnread(t *testing.T) {
	ftyp := func(brands string) string {
		return string([]byte{0, 0, 0, byte(8 + len(brands))}) + "ftyp" + brands + "\x00\x00\x01\x00meta"
	}
	for file, want := range map[string]string{
		string(readFile(t, "photo.avif")):     "AVIF: cannot be read; convert it to JPEG or PNG",
		ftyp("heic\x00\x00\x00\x00mif1heic"):  "HEIC: cannot be read; convert it to JPEG or PNG",
		ftyp("mif1\x00\x00\x00\x00mif1heic"):  "HEIC",
		ftyp("mif1\x00\x00\x00\x00mif1avif"):  "AVIF",
		ftyp("mif1\x00\x00\x00\x00"):          "HEIC",
		ftyp("isom\x00\x00\x02\x00isommp41"):  "not a JPEG",
		"\x00\x00\x00\x10ftypheic":            "not a JPEG",
		"MM\x00*\x00\x00\x00\x08\x00\x00\x00": "TIFF",
	} {
		_, err := Decode(context.Background(), strings.NewReader(file))
		if !errors.As(err, new(DecodeError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.16q: %v, want %q", file, err, want)
		}
	}
}

// TestDecodeMax checks the limit of pixels, and which errors are the file's.
func TestDecodeMax(t *testing.T) {
	for name, pixels := range map[string]int{"plain.bmp": 1, "alpha.png": 1, "sixteen.png": 2, "raw.tif": 2, "index.gif": 1, "alpha.webp": 1, "no-end.jpg": 1} {
		file := readFile(t, name)
		if _, err := DecodeMax(context.Background(), bytes.NewReader(file), pixels*16*24); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var damaged DecodeError
		_, err := DecodeMax(context.Background(), bytes.NewReader(file), pixels*16*24-1)
		if !errors.As(err, &damaged) || damaged.Format == "" || !strings.Contains(err.Error(), "16 × 24 pixels") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeMax(context.Background(), strings.NewReader(""), -1); !errors.As(err, new(DecodeError)) {
		t.Errorf("no file: %v", err)
	}
	failed := errors.New("disk")
	if _, err := Decode(context.Background(), io.MultiReader(strings.NewReader("\xff\xd8"), failing{failed})); err != failed {
		t.Errorf("a reader's error is %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestTIFF checks that TIFF files are refused that the decoder would take for others, or work at for ever.
func TestTIFF(t *testing.T) {
	file := tiffFile(30, 40, 3, 8, 0)
	orientation := []byte("\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00")
	img, err := Decode(context.Background(), bytes.NewReader(file))
	if err != nil || img.Bounds().Dx() != 40 {
		t.Errorf("%v", err)
	}
	for entry, want := range map[string]string{
		"\x1c\x01\x03\x00\x01\x00\x00\x00\x02\x00\x00\x00": "one after the other",
		"\x42\x01\x04\x00\x01\x00\x00\x00\x00\x00\x01\x00": "tiles of 65536",
	} {
		changed := bytes.Replace(file, orientation, []byte(entry), 1)
		if _, err := Decode(context.Background(), bytes.NewReader(changed)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
