// Package pngtext reads and writes the texts that PNG files hold beside the picture.
package pngtext

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"unicode/utf8"
)

const (
	// Signature is what PNG files begin with.
	Signature = "\x89PNG\r\n\x1a\n"
	// Head is where texts can be put: behind the signature and the header, in bytes.
	Head = len(Signature) + beside + 13
	// XMP is the key of a text in that format.
	XMP = "XML:com.adobe.xmp"
	// Max is how long texts are read, in bytes, as Pillow does.
	Max = 1 << 20

	beside = 12 // bytes of a chunk that are not its data
)

// Append appends a text as an iTXt chunk. Key and text are UTF-8 without zeros, the key has up to 79 bytes of ASCII.
func Append(data []byte, key, text string) []byte {
	// No compression, no language, no translated key.
	chunk := append(append([]byte("iTXt"), key...), 0, 0, 0, 0, 0)
	chunk = append(chunk, text...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(chunk)-4))
	data = append(data, chunk...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(chunk))
}

// A Text is a text as it is stored.
type Text struct {
	Key  string
	kind string
	data []byte // behind the key
}

// Of returns the text in the data of a chunk, if the kind of chunk is one for texts.
func Of(kind string, data []byte) (t Text, ok bool) {
	if kind != "tEXt" && kind != "zTXt" && kind != "iTXt" {
		return t, false
	}
	key, data, _ := bytes.Cut(data, []byte{0})
	return Text{string(key), kind, data}, true
}

// Unpack returns the bytes of the text, nil if it is damaged or longer than Max.
func (t Text) Unpack() []byte {
	switch {
	case t.kind == "zTXt" && len(t.data) > 0 && t.data[0] == 0:
		return inflate(t.data[1:])
	case t.kind == "iTXt" && len(t.data) > 2:
		parts := bytes.SplitN(t.data[2:], []byte{0}, 3) // language, translated key, text
		switch {
		case len(parts) < 3:
			return nil
		case t.data[0] == 0:
			return parts[2]
		case t.data[1] == 0:
			return inflate(parts[2])
		}
	case t.kind == "tEXt":
		return t.data
	}
	return nil
}

func inflate(data []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(z, Max+1))
	if err != nil || len(text) > Max {
		return nil
	}
	return text
}

// String returns the text in UTF-8, whatever it is stored in; ok is false if it is damaged.
func (t Text) String() (text string, ok bool) {
	data := t.Unpack()
	switch {
	case data == nil:
		return "", false
	case t.kind == "iTXt":
		return string(data), utf8.Valid(data)
	}
	runes := make([]rune, len(data)) // of Latin-1
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes), true
}
