package face

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
)

// TestGenerated takes files of all kinds from the file to the crop: whole ones, which must decode, and damaged ones. It goes on
// for seconds, with -long for minutes; -seed repeats what it logs.
func TestGenerated(t *testing.T) {
	last := 1500 * time.Millisecond
	switch {
	case *long:
		last = 3 * time.Minute
	case testing.Short():
		last = 500 * time.Millisecond
	}
	decoded, damaged, n := 0, 0, 0
	for start := time.Now(); time.Since(start) < last; n++ {
		seed := uint64(*first + n)
		r := rand.New(rand.NewPCG(seed, 13))
		kind := r.IntN(len(generators))
		file := generators[kind](t, r)
		whole := r.IntN(3) > 0
		if !whole {
			damaged++
			file = damage(r, file)
		}
		err := throughAll(t, r, file)
		if err == nil {
			decoded++
		}
		if err != nil && whole || errors.Is(err, errBeyond) {
			t.Errorf("-seed %d, kind %d: %v", seed, kind, err)
		}
	}
	t.Logf("%d files, %d of them damaged; %d decoded", n, damaged, decoded)
}

var errBeyond = errors.New("beyond what is promised")

// throughAll decodes a file and searches and crops what comes of it. It returns Decode's error, or errBeyond if something took too
// long or too much memory. It leaves alone what would take minutes.
func throughAll(t *testing.T, r *rand.Rand, file []byte) error {
	size := claimed(file)
	if size > 1<<20 && size <= MaxPixels {
		return nil
	}
	const most = 3 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	start := time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	img, err := Decode(ctx, bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; int(taken) > 8<<20+64*len(file)+weightOf(file)*bytesPerPixel*min(size, 1<<20) {
		t.Errorf("%d bytes for %d pixels in a file of %d bytes", taken, size, len(file))
		return errBeyond
	}
	if err == nil {
		faces := []Face{at(0, 0, float64(1+r.IntN(200)))}
		if size < 1<<13 && r.IntN(4) == 0 {
			found, err := Find(ctx, img)
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			faces = append(faces, found...)
		}
		for _, f := range faces {
			Check(img.Bounds(), f)
			Align(ctx, img, f)
		}
	}
	if late := time.Since(start) - most; late > 100*time.Millisecond && !testing.Short() {
		t.Errorf("%v late", late)
		return errBeyond
	}
	return err
}

// claimed returns how many pixels a file says that it has.
func claimed(file []byte) int {
	for _, f := range formats {
		if f.is(file) {
			if c, err := f.config(context.Background(), file); err == nil {
				return c.Width * c.Height
			}
		}
	}
	return 0
}

var generators = []func(*testing.T, *rand.Rand) []byte{anyPNG, anyPNG, plainJPEG, anyJPEG, anyJPEG, anyGIF, anyWebP, anyTIFF, anyBMP}

// extent returns a size: mostly small, now and then long and thin.
func extent(r *rand.Rand) (w, h int) {
	w, h = 1+r.IntN(100), 1+r.IntN(100)
	switch r.IntN(20) {
	case 0:
		w, h = 1+r.IntN(3000), 1+r.IntN(3)
	case 1:
		w, h = 1+r.IntN(3), 1+r.IntN(3000)
	case 2:
		w, h = 300+r.IntN(300), 300+r.IntN(300) // which some decoders share among goroutines
	}
	return w, h
}

func anyColor(r *rand.Rand) color.NRGBA {
	return color.NRGBA{uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32() | r.Uint32())}
}

func anyBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// anyPNG is of any type of colour, depth and filters, with chunks that mean something or nothing, and data in pieces.
func anyPNG(_ *testing.T, r *rand.Rand) []byte {
	kinds := pngKinds()
	kind := kinds[r.IntN(len(kinds))]
	w, h := extent(r)
	var between [][]byte
	if r.IntN(2) == 0 {
		between = append(between, pngChunk("eXIf", anyEXIF(r)))
	}
	if r.IntN(2) == 0 {
		between = append(between, pngChunk([]string{"tEXt", "zTXt", "iCCP", "gAMA", "prVt"}[r.IntN(5)], anyBytes(r, r.IntN(200))))
	}
	if n := map[byte]int{0: 2, 2: 6, 3: 1 + r.IntN(1<<min(kind.depth, 8))}[kind.color]; n > 0 && r.IntN(2) == 0 {
		between = append(between, pngChunk("tRNS", anyBytes(r, n)))
	}
	file := kind.file(w, h, func(row []byte) {
		copy(row, anyBytes(r, len(row)))
		row[0] %= 5
	}, between...)
	at := bytes.LastIndex(file, []byte("IDAT")) - 4 // the last: bytes of a chunk may read the same
	if size := int(binary.BigEndian.Uint32(file[at:])); r.IntN(2) == 0 && len(file) == at+12+size+12 {
		data, cut := file[at+8:at+8+size], r.IntN(size)
		return slices.Concat(file[:at], pngChunk("IDAT", data[:cut]), pngChunk("IDAT", nil), pngChunk("IDAT", data[cut:]), pngChunk("IEND", nil))
	}
	return file
}

// anyEXIF is of any orientation, or what a bad program may have written.
func anyEXIF(r *rand.Rand) []byte {
	data := oriented(r.IntN(10))
	if r.IntN(3) == 0 {
		return damage(r, data)
	}
	return data
}

var samplings = []string{"\x11", "\x22", "\x11\x11\x11", "\x22\x11\x11", "\x21\x11\x11", "\x12\x11\x11", "\x41\x11\x11", "\x42\x11\x11",
	"\x21\x21\x21", "\x11\x11\x11\x11", "\x22\x11\x11\x22"}

// anyJPEG has any sampling, scans and restarts, of nothing.
func anyJPEG(_ *testing.T, r *rand.Rand) []byte {
	kind := jpegKind{sampling: samplings[r.IntN(len(samplings))], progressive: r.IntN(2) == 0, scans: 1 + r.IntN(4)}
	if r.IntN(2) == 0 {
		kind.interval = 1 + r.IntN(20)
	}
	var between [][]byte
	if len(kind.sampling) == 4 || r.IntN(3) == 0 {
		between = append(between, []byte(adobe))
	}
	if r.IntN(2) == 0 {
		data := append([]byte("Exif\x00\x00"), anyEXIF(r)...)
		between = append(between, binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(data))), data)
	}
	w, h := extent(r)
	return kind.file(w, h, between...)
}

// plainJPEG has a picture.
func plainJPEG(t *testing.T, r *rand.Rand) []byte {
	w, h := extent(r)
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	copy(img.Pix, anyBytes(r, len(img.Pix)))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 1 + r.IntN(100)}); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(b.Bytes()[:2], exifSegment(r.IntN(10)), b.Bytes()[2:])
}

// anyGIF has frames anywhere on its canvas.
func anyGIF(t *testing.T, r *rand.Rand) []byte {
	w, h := extent(r)
	all := gif.GIF{Config: image.Config{Width: w, Height: h}}
	for range 1 + r.IntN(3) {
		x, y := r.IntN(w), r.IntN(h)
		var palette color.Palette
		for range 1 + r.IntN(256) {
			palette = append(palette, anyColor(r))
		}
		frame := image.NewPaletted(image.Rect(x, y, x+1+r.IntN(w-x), y+1+r.IntN(h-y)), palette)
		for i := range frame.Pix {
			frame.Pix[i] = uint8(r.IntN(len(palette)))
		}
		all.Image, all.Delay = append(all.Image, frame), append(all.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// anyWebP is lossless or not, transparent or not, a picture or an animation.
func anyWebP(t *testing.T, r *rand.Rand) []byte {
	w, h := extent(r)
	lossless := r.IntN(2) == 0
	if r.IntN(2) == 0 {
		return webpFile(t, w, h, anyColor(r), lossless, r.IntN(10))
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	copy(img.Pix, anyBytes(r, len(img.Pix)))
	at := image.Pt(2*r.IntN(50), 2*r.IntN(50))
	return animated(w+at.X+r.IntN(9), h+at.Y+r.IntN(9), frame(at, img.Rect.Max, webpChunks(t, img, lossless)))
}

// anyTIFF has grey or colours of 8 or 16 bits, and alpha or not.
func anyTIFF(_ *testing.T, r *rand.Rand) []byte {
	w, h := extent(r)
	bits := 8 << r.IntN(2)
	switch r.IntN(3) {
	case 0:
		return tiffFile(w, h, 1, bits, 0)
	case 1:
		return tiffFile(w, h, 3, bits, 0)
	}
	return tiffFile(w, h, 4, bits, uint16(1+r.IntN(2)))
}

func anyBMP(_ *testing.T, r *rand.Rand) []byte { return bmpFile(extent(r)) }

// damage changes a file: some bytes, a part that is left out, doubled or moved, or numbers that become large, often its sizes.
func damage(r *rand.Rand, file []byte) []byte {
	file = slices.Clone(file)
	for range 1 + r.IntN(3) {
		if len(file) < 8 {
			return file
		}
		reach := len(file)
		if r.IntN(2) == 0 {
			reach = min(reach, 200) // headers
		}
		at := r.IntN(reach - 4)
		to := min(len(file), at+1+r.IntN(60))
		switch r.IntN(6) {
		case 0:
			file = file[:at]
		case 1:
			file = slices.Delete(file, at, to)
		case 2:
			file = slices.Insert(file, at, file[at:to]...)
		case 3:
			copy(file[at:], anyBytes(r, 1+r.IntN(4)))
		case 4:
			copy(file[at:], []byte{0xff, 0xff, 0xff, 0xff}[:1+r.IntN(4)])
		case 5:
			file = resum(file, r)
		}
	}
	return file
}

// resum changes a chunk of a PNG and sums it anew, so that it is believed.
func resum(file []byte, r *rand.Rand) []byte {
	if !bytes.HasPrefix(file, []byte("\x89PNG")) {
		return file
	}
	for at := 8; at+12 <= len(file); {
		size := int(binary.BigEndian.Uint32(file[at:]))
		if size > len(file)-at-12 {
			break
		}
		if data := file[at+8 : at+8+size]; size > 0 && r.IntN(3) == 0 {
			data[r.IntN(size)] = byte(r.Uint32())
			copy(file[at:], pngChunk(string(file[at+4:at+8]), data))
		}
		at += 12 + size
	}
	return file
}
