package face

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"slices"
	"testing"

	"github.com/deepteams/webp"
)

// Files that no encoder at hand writes are put together here, of any size in few bytes.

// oriented returns EXIF data of an orientation.
func oriented(orientation int) []byte {
	return slices.Concat([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), []byte{byte(orientation)}, make([]byte, 6))
}

// A pngKind has the parameters of a PNG as its header has them.
type pngKind struct {
	color, depth byte
	interlaced   bool
}

// pngKinds are all that there are.
func pngKinds() (all []pngKind) {
	for color, depths := range map[byte][]byte{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}} {
		for _, depth := range depths {
			all = append(all, pngKind{color, depth, false}, pngKind{color, depth, true})
		}
	}
	slices.SortFunc(all, func(a, b pngKind) int { return 100*(int(a.color)-int(b.color)) + int(a.depth) - int(b.depth) })
	return all
}

// rows calls f for each row: a filter and its bytes.
func (k pngKind) rows(w, h int, f func([]byte)) {
	passes := [][4]int{{0, 0, 1, 1}} // x, y of the first pixel and steps to the next
	if k.interlaced {
		passes = [][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	channels := [7]int{1, 0, 3, 1, 2, 0, 4}[k.color]
	for _, p := range passes {
		if w <= p[0] {
			continue
		}
		pixels := (w - p[0] + p[2] - 1) / p[2]
		for y := p[1]; y < h; y += p[3] {
			f(make([]byte, 1+(pixels*channels*int(k.depth)+7)/8))
		}
	}
}

// file returns a PNG whose rows fill has written, with chunks before its data.
func (k pngKind) file(w, h int, fill func(row []byte), between ...[]byte) []byte {
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	k.rows(w, h, func(row []byte) {
		fill(row)
		z.Write(row)
	})
	z.Close()
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	header = append(header, k.depth, k.color, 0, 0, 0)
	if k.interlaced {
		header[12] = 1
	}
	file := slices.Concat([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", header))
	if k.color == 3 {
		file = append(file, pngChunk("PLTE", make([]byte, 3<<k.depth))...)
	}
	return slices.Concat(file, slices.Concat(between...), pngChunk("IDAT", data.Bytes()), pngChunk("IEND", nil))
}

func pngChunk(id string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = slices.Concat(chunk, []byte(id), data)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// A jpegKind is how the components of a JPEG are sampled, such as 0x22, 0x11, 0x11, and stored.
type jpegKind struct {
	sampling    string
	progressive bool
	interval    int // of restarts, in units
	scans       int
}

// file returns a grey JPEG: with a code of one bit for nothing, each block of a scan is a zero bit, or two.
func (k jpegKind) file(w, h int, between ...[]byte) []byte {
	segment := func(marker byte, data ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data))), data...)
	}
	n := len(k.sampling)
	table := append([]byte{1}, make([]byte, 16)...)
	frame := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, uint16(h)), uint16(w))
	frame = append(frame, byte(n))
	scan, units, across, down := []byte{byte(n)}, 0, 1, 1
	for i := range n {
		s := k.sampling[i]
		frame = append(frame, byte(i+1), s, 0)
		scan = append(scan, byte(i+1), 0)
		units, across, down = units+int(s>>4)*int(s&15), max(across, int(s>>4)), max(down, int(s&15))
	}
	if n == 1 {
		units, across, down = 1, 1, 1
	}
	file := slices.Concat([]byte("\xff\xd8"), slices.Concat(between...), segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...))
	for _, class := range []byte{0, 0x10} {
		file = append(file, segment(0xc4, append([]byte{class}, table...)...)...)
	}
	kind, bits, last := byte(0xc0), 2, byte(63)
	if k.progressive {
		kind, bits, last = 0xc2, 1, 0
	}
	file = append(file, segment(kind, frame...)...)
	file = append(file, segment(0xdd, byte(k.interval>>8), byte(k.interval))...)
	total := ((w + 8*across - 1) / (8 * across)) * ((h + 8*down - 1) / (8 * down))
	for i := range max(1, k.scans) {
		approximation := byte(0)
		if i > 0 && k.progressive {
			approximation = 0x10
		}
		file = append(file, segment(0xda, append(scan, 0, last, approximation)...)...)
		for left, restarts := total, 0; left > 0; restarts++ {
			some := left
			if k.interval > 0 {
				some = min(left, k.interval)
			}
			if restarts > 0 {
				file = append(file, 0xff, 0xd0+byte((restarts-1)%8))
			}
			file = append(file, make([]byte, (some*units*bits+7)/8)...)
			left -= some
		}
	}
	return append(file, "\xff\xd9"...)
}

func exifSegment(orientation int) []byte {
	data := append([]byte("Exif\x00\x00"), oriented(orientation)...)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(data))), data...)
}

// adobe tells that four components are CMYK.
const adobe = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// webpFile returns a WebP of one colour, with an orientation.
func webpFile(t testing.TB, w, h int, c color.NRGBA, lossless bool, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := webp.Encode(&b, filled(w, h, c), &webp.EncoderOptions{Lossless: lossless, Quality: 50, Method: 0}); err != nil {
		t.Fatal(err)
	}
	flags := byte(0x08)
	if c.A < 255 {
		flags |= 0x10
	}
	file := appendChunk([]byte("RIFF????WEBP"), "VP8X", slices.Concat([]byte{flags, 0, 0, 0}, put24(w-1), put24(h-1)))
	for id, part := range chunks(b.Bytes()[riffHeader:]) {
		if id != "VP8X" {
			file = appendChunk(file, id, part)
		}
	}
	file = appendChunk(file, "EXIF", oriented(orientation))
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}

// gifFile returns a GIF of a canvas with a frame, or nil where there can be none.
func gifFile(w, h int, frame image.Rectangle) []byte {
	var b bytes.Buffer
	all := &gif.GIF{Image: []*image.Paletted{image.NewPaletted(frame, color.Palette{color.Black, color.White})}, Delay: []int{1}}
	all.Config.Width, all.Config.Height = w, h
	if gif.EncodeAll(&b, all) != nil {
		return nil
	}
	return b.Bytes()
}

// tiffFile returns a TIFF of nothing: rows or tiles, compressed, in one block.
func tiffFile(w, h, channels, bits int, extra uint16) []byte {
	var data bytes.Buffer
	z := zlib.NewWriter(&data)
	row := make([]byte, w*channels*bits/8)
	for range h {
		z.Write(row)
	}
	z.Close()
	le := binary.LittleEndian
	file := append([]byte("II*\x00"), make([]byte, 4)...)
	file = append(file, data.Bytes()...)
	depths := uint32(len(file))
	for range channels {
		file = le.AppendUint16(file, uint16(bits))
	}
	le.PutUint32(file[4:], uint32(len(file)))
	depth := [4]uint32{258, 3, uint32(channels), depths}
	photometric := uint32(2)
	if channels == 1 {
		depth[3], photometric = uint32(bits), 1
	}
	entries := [][4]uint32{{256, 4, 1, uint32(w)}, {257, 4, 1, uint32(h)}, depth, {259, 3, 1, 8}, {262, 3, 1, photometric}, {273, 4, 1, 8},
		{274, 3, 1, 6}, {277, 3, 1, uint32(channels)}, {278, 4, 1, uint32(h)}, {279, 4, 1, uint32(data.Len())}}
	if extra > 0 {
		entries = append(entries, [4]uint32{338, 3, 1, uint32(extra)})
	}
	file = le.AppendUint16(file, uint16(len(entries)))
	for _, e := range entries {
		file = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(file, uint16(e[0])), uint16(e[1])), e[2]), e[3])
	}
	return append(file, 0, 0, 0, 0)
}

// bmpFile returns a BMP of nothing.
func bmpFile(w, h int) []byte {
	le := binary.LittleEndian
	file := append([]byte("BM"), make([]byte, 8)...)
	file = le.AppendUint32(le.AppendUint32(file, 54), 40)
	file = le.AppendUint32(le.AppendUint32(file, uint32(w)), uint32(h))
	file = append(le.AppendUint16(le.AppendUint16(file, 1), 24), make([]byte, 24)...)
	return append(file, make([]byte, (3*w+3)/4*4*h)...)
}
