package face

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"image"
	"image/png"
	"io"

	"github.com/faceclip-go/faceclip-go/internal/pngtext"
)

const pngSignature = pngtext.Signature

func pngConfig(ctx context.Context, file []byte) (image.Config, error) {
	_, head := pngHead(file)
	return png.DecodeConfig(reader{ctx, io.MultiReader(head, bytes.NewReader(newPNGChunk("IDAT", nil)))})
}

// pngDecode decodes a PNG file as libpng does, which is content where the standard library's decoder is not: checksums of
// chunks that colours do not need do not count, nor do pixels beyond the last.
func pngDecode(ctx context.Context, file []byte) (image.Image, error) {
	header, head := pngHead(file)
	data, err := zlib.NewReader(&pngData{rest: file[len(pngSignature):]})
	if err != nil {
		return nil, err
	}
	stored := &pngStored{from: data, left: pngBytes(header), sum: adler32.New()}
	return png.Decode(reader{ctx, io.MultiReader(head, stored, bytes.NewReader(newPNGChunk("IEND", nil)))})
}

// pngHead returns the header of a PNG file, all zeros if there is none, and what of the file comes before the data.
func pngHead(file []byte) (header [13]byte, head io.Reader) {
	var chunks [2][]byte
	for rest := file[len(pngSignature):]; ; {
		kind, chunk := nextPNGChunk(rest)
		switch {
		case kind == "IHDR" && chunks[0] == nil:
			chunks[0] = chunk
			copy(header[:], chunk[8:len(chunk)-4])
		case kind == "PLTE" && chunks[1] == nil:
			chunks[1] = chunk
		case kind == "IDAT" || kind == "IEND" || kind == "":
			return header, io.MultiReader(bytes.NewReader([]byte(pngSignature)), bytes.NewReader(chunks[0]), bytes.NewReader(chunks[1]))
		}
		rest = rest[len(chunk):]
	}
}

// pngBytes returns how many bytes the rows of all passes have, each with the number of its filter.
func pngBytes(header [13]byte) (n int64) {
	w, h := int64(binary.BigEndian.Uint32(header[0:])), int64(binary.BigEndian.Uint32(header[4:]))
	passes := [][4]int64{{0, 0, 1, 1}} // column and row of the first pixel, and the steps to the next ones
	if header[12] == 1 {
		passes = [][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	bits := int64(header[8]) * [8]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[header[9]&7]
	for _, p := range passes {
		cols, rows := (w-p[0]+p[2]-1)/p[2], (h-p[1]+p[3]-1)/p[3]
		if cols > 0 && rows > 0 {
			n += rows * (1 + (cols*bits+7)/8)
		}
	}
	return n
}

// nextPNGChunk returns the kind of the first chunk, and all of it from the length to the checksum; "" if there is no whole one.
func nextPNGChunk(file []byte) (kind string, chunk []byte) {
	const beside = 12 // bytes of a chunk that are not its data
	if len(file) < beside {
		return "", nil
	}
	size := int64(binary.BigEndian.Uint32(file))
	if size > int64(len(file)-beside) {
		return "", nil
	}
	return string(file[4:8]), file[:beside+size]
}

func newPNGChunk(kind string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(make([]byte, 0, len(data)+12), uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// A pngData reads the data of a PNG file's pixels out of their chunks.
type pngData struct{ rest, data []byte }

func (d *pngData) Read(p []byte) (int, error) {
	for len(d.data) == 0 {
		kind, chunk := nextPNGChunk(d.rest)
		if kind == "IEND" || kind == "" {
			return 0, io.ErrUnexpectedEOF
		}
		d.rest = d.rest[len(chunk):]
		if kind != "IDAT" {
			continue
		}
		end := len(chunk) - 4
		if crc32.ChecksumIEEE(chunk[4:end]) != binary.BigEndian.Uint32(chunk[end:]) {
			return 0, png.FormatError("invalid checksum of IDAT")
		}
		d.data = chunk[8:end]
	}
	n := copy(p, d.data)
	d.data = d.data[n:]
	return n, nil
}

// A pngStored reads chunks of data anew: not compressed, and as many bytes as there should be.
type pngStored struct {
	from   io.Reader
	left   int64
	sum    hash.Hash32
	begun  bool
	chunk  []byte
	buffer [32<<10 + 64]byte
}

func (s *pngStored) Read(p []byte) (int, error) {
	if len(s.chunk) == 0 {
		if s.begun && s.left == 0 {
			return 0, io.EOF
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.chunk)
	s.chunk = s.chunk[n:]
	return n, nil
}

// next makes the next chunk, of one block as in RFC 1951; before the first and after the last is what RFC 1950 wants.
func (s *pngStored) next() error {
	b := append(s.buffer[:0], "\x00\x00\x00\x00IDAT"...)
	if !s.begun {
		s.begun, b = true, append(b, 0x78, 0x01)
	}
	n := min(s.left, 32<<10)
	s.left -= n
	last, final := s.left == 0, byte(0)
	if last {
		final = 1
	}
	b = append(b, final)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(n))
	data := b[len(b) : len(b)+int(n)]
	if _, err := io.ReadFull(s.from, data); err != nil {
		return err
	}
	b = b[:len(b)+len(data)]
	s.sum.Write(data)
	if last {
		if _, err := s.from.Read(make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
			return err // of the checksum
		}
		b = binary.BigEndian.AppendUint32(b, s.sum.Sum32())
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-8))
	s.chunk = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	return nil
}
