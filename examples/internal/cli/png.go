package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"

	"github.com/faceclip-go/faceclip-go/internal/atomicfile"
)

// A Text is one text of a picture's metadata.
type Text struct{ Key, Value string }

// WritePNG writes a picture with texts. The file appears when it is complete.
func WritePNG(file string, img image.Image, texts []Text) error {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	// The signature and the header come first: 8 bytes, and 13 between 12 of a chunk's frame.
	const head = 8 + 12 + 13
	data := append([]byte(nil), b.Bytes()[:head]...)
	for _, t := range texts {
		data = appendText(data, t)
	}
	data = append(data, b.Bytes()[head:]...)
	return atomicfile.Write(file, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// appendText appends an iTXt chunk: keyword, no compression, no language, no translated keyword, UTF-8 text.
func appendText(data []byte, t Text) []byte {
	chunk := append([]byte("iTXt"+t.Key), 0, 0, 0, 0, 0)
	chunk = append(chunk, t.Value...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(chunk)-4))
	data = append(data, chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}
