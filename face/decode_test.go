package face

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// The photos in testdata/photos are all the same picture: red, green over blue, yellow.
var corners = [4]color.RGBA{{220, 30, 30, 255}, {30, 200, 30, 255}, {30, 30, 220, 255}, {220, 220, 30, 255}}

func decodeFile(name string) (image.Image, error) {
	data, err := os.ReadFile(filepath.Join("testdata/photos", name))
	if err != nil {
		return nil, err
	}
	return Decode(context.Background(), bytes.NewReader(data))
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/photos", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// far tells whether colours differ by more than a lossy format and the other's matrix may make them.
func far(a, b color.Color, most int) bool {
	x, y := color.RGBAModel.Convert(a).(color.RGBA), color.RGBAModel.Convert(b).(color.RGBA)
	return max(distance(x.R, y.R), distance(x.G, y.G), distance(x.B, y.B)) > most
}

func distance(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func checkCorners(t *testing.T, name string, most int) {
	t.Helper()
	img, err := decodeFile(name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	b := img.Bounds()
	if b.Size() != image.Pt(16, 24) {
		t.Errorf("%s: %v", name, b)
		return
	}
	for i, want := range corners {
		if got := img.At(b.Min.X+3+10*(i%2), b.Min.Y+3+18*(i/2)); far(got, want, most) {
			t.Errorf("%s: corner %d is %v", name, i, got)
		}
	}
}

func TestOrientation(t *testing.T) {
	for o := 1; o <= 8; o++ {
		for kind, most := range map[string]int{"jpg": 12, "png": 0, "webp": 0} {
			checkCorners(t, fmt.Sprintf("orientation-%d.%s", o, kind), most)
		}
	}
}

func TestKinds(t *testing.T) {
	for name, most := range map[string]int{"cmyk.jpg": 12, "progressive.jpg": 12, "lossy.webp": 40, "palette.gif": 2, "sixteen.png": 0} {
		checkCorners(t, name, most)
	}
	for _, name := range []string{"grey.jpg", "transparent.png"} {
		if img, err := decodeFile(name); err != nil || img.Bounds().Size() != image.Pt(16, 24) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOrientChroma checks the planes of each subsampling against turning pixel by pixel.
func TestOrientChroma(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio440,
		image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		for _, size := range []image.Point{{8, 12}, {7, 9}} {
			img := image.NewYCbCr(image.Rectangle{Max: size}, ratio)
			for i := range img.Y {
				img.Y[i] = uint8(37 * i)
			}
			for i := range img.Cb {
				img.Cb[i], img.Cr[i] = uint8(91*i), uint8(53*i)
			}
			for o := 1; o <= 8; o++ {
				checkTurned(t, img, o)
			}
		}
	}
}

// checkTurned compares with EXIF's words: where the stored picture's first row and first column are shown.
func checkTurned(t *testing.T, img image.Image, orientation int) {
	t.Helper()
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	shown := map[int]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },                 // top, left
		2: func(x, y int) (int, int) { return w - 1 - x, y },         // top, right
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }, // bottom, right
		4: func(x, y int) (int, int) { return x, h - 1 - y },         // bottom, left
		5: func(x, y int) (int, int) { return y, x },                 // left, top
		6: func(x, y int) (int, int) { return h - 1 - y, x },         // right, top
		7: func(x, y int) (int, int) { return h - 1 - y, w - 1 - x }, // right, bottom
		8: func(x, y int) (int, int) { return y, w - 1 - x },         // left, bottom
	}[orientation]
	got := upright(context.Background(), img, img.Bounds(), orientation)
	for y := range h {
		for x := range w {
			u, v := shown(x, y)
			if far(got.At(u, v), img.At(x, y), 1) {
				t.Errorf("orientation %d of %v: (%d, %d) is wrong", orientation, img.Bounds(), u, v)
				return
			}
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	whole, photo := readFile(t, "sixteen.png"), readFile(t, "orientation-1.jpg")
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "not a JPEG"},
		{[]byte("%PDF-1.7"), "not a JPEG"},
		{[]byte("RIFF"), "not a JPEG"},
		{[]byte("RIFF\x00\x00\x00\x00WEBP"), "WebP"},
		{[]byte("\xff\xd8"), "JPEG"},
		{[]byte("GIF89a"), "GIF"},
		{whole[:60], "PNG"},
		{whole[:len(whole)-20], "incomplete"},
		{photo[:len(photo)-20], "incomplete"},
		{bytes.Replace(photo, []byte("\xff\xc0"), []byte("\xff\xc9"), 1), "unsupported JPEG feature: unknown marker; convert it"},
	} {
		if _, err := Decode(context.Background(), bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.12q: got %v, want an error with %q", c.file, err, c.want)
		}
	}
	if _, err := Decode(context.Background(), bytes.NewReader(scanned(t, 3000))); err == nil || !strings.Contains(err.Error(), "3000 scans") {
		t.Errorf("many scans: %v", err)
	}
	if _, err := Decode(context.Background(), bytes.NewReader(scanned(t, 3))); err != nil {
		t.Errorf("three scans: %v", err)
	}
	for _, img := range []image.Image{image.NewGray16(image.Rect(0, 0, 1, 1)), image.NewNRGBA64(image.Rect(0, 0, 1, 1))} {
		if _, err := Decode(context.Background(), bytes.NewReader(claiming(t, img, 15_000, 10_000))); err == nil || !strings.Contains(err.Error(), "at most 100 million") {
			t.Errorf("%T: %v", img, err)
		}
	}
	if _, err := decodeFile("bomb.png"); err == nil || !strings.Contains(err.Error(), "60000 × 60000") {
		t.Errorf("bomb: %v", err)
	}
}

// TestReading checks that a file that its reader breaks off is not taken for whole, nor one that is too long.
func TestReading(t *testing.T) {
	whole := readFile(t, "lossy.webp")
	broken := io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := Decode(context.Background(), broken); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v", err)
	}
	if _, err := Decode(context.Background(), iotest.OneByteReader(bytes.NewReader(whole))); err != nil {
		t.Errorf("byte by byte: %v", err)
	}
	long := io.MultiReader(bytes.NewReader(whole), bytes.NewReader(make([]byte, MaxBytes+1-len(whole))))
	if _, err := Decode(context.Background(), long); err == nil || !strings.Contains(err.Error(), "more than 256 MiB") {
		t.Errorf("long: %v", err)
	}
}

// claiming returns a PNG that says that it has another size.
func claiming(t *testing.T, img image.Image, width, height uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	header := file[12:29] // its kind and its content, after the signature and its length
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(header))
	return file
}

// scanned returns a JPEG of 1.5 megapixels whose only scan stands in it so many times.
func scanned(t *testing.T, scans int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1500, 1000)), nil); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	scan, end := bytes.Index(file, []byte("\xff\xda")), len(file)-2
	return slices.Concat(file[:scan], bytes.Repeat(file[scan:end], scans), file[end:])
}

// FuzzDecode checks that no file leads to a panic, from the file to the crop.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/photos/*")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(animated(20, 10, frame(image.Pt(4, 2), image.Pt(8, 6), webpChunks(f, filled(8, 6, blue), true))))
	f.Add(animated(20, 10, frame(image.Pt(4, 2), image.Pt(8, 6), webpChunks(f, filled(8, 6, blue), false))))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range formats {
			if !format.is(data) {
				continue
			}
			if c, err := format.config(context.Background(), data); err == nil && c.Width*c.Height > 1<<20 {
				t.Skip("takes too long")
			}
		}
		img, err := Decode(context.Background(), bytes.NewReader(data))
		if err != nil {
			return
		}
		faces := []Face{{Points: Template}}
		if img.Bounds().Dx()*img.Bounds().Dy() < 1<<16 {
			found, err := Find(context.Background(), img)
			if err != nil {
				t.Fatal(err)
			}
			faces = append(faces, found...)
		}
		for _, f := range faces {
			Check(img.Bounds(), f)
			Align(context.Background(), img, f)
		}
	})
}
