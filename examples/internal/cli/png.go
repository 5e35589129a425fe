package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"os"
	"path/filepath"
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
	return writeFile(file, append(data, b.Bytes()[head:]...))
}

// appendText appends an iTXt chunk: keyword, no compression, no language, no translated keyword, UTF-8 text.
func appendText(data []byte, t Text) []byte {
	chunk := append([]byte("iTXt"+t.Key), 0, 0, 0, 0, 0)
	chunk = append(chunk, t.Value...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(chunk)-4))
	data = append(data, chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}

// writeFile writes a file under a temporary name in its folder, then renames it.
func writeFile(file string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".portrait-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
