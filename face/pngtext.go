package face

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
)

// pngMetadata looks for EXIF data in a chunk of their own or, as ImageMagick writes them, in a text; and for XMP, which is a
// text. Of several of a kind the last counts, and only that is unpacked.
func pngMetadata(file []byte) (m metadata) {
	var profile, xmp pngText
	for rest := file[len(pngSignature):]; ; {
		kind, chunk := nextPNGChunk(rest)
		if kind == "IEND" || kind == "" {
			break
		}
		rest = rest[len(chunk):]
		data := chunk[8 : len(chunk)-4]
		key, text, _ := bytes.Cut(data, []byte{0})
		switch {
		case kind == "eXIf":
			m.exif = data
		case kind != "tEXt" && kind != "zTXt" && kind != "iTXt":
		case string(key) == "Raw profile type exif":
			profile = pngText{kind, text}
		case string(key) == "XML:com.adobe.xmp":
			xmp = pngText{kind, text}
		}
	}
	m.xmp = xmp.unpack()
	if m.exif == nil {
		m.exif = rawProfile(profile.unpack())
	}
	return m
}

// A pngText is a chunk with text, after its key.
type pngText struct {
	kind string
	data []byte
}

// unpack returns the text, nil if it is damaged or out of all proportion.
func (t pngText) unpack() []byte {
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
	const most = 1 << 20 // as Pillow
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(z, most+1))
	if err != nil || len(text) > most {
		return nil
	}
	return text
}

// rawProfile returns the bytes of a profile in hexadecimal digits, after three lines: an empty one, its name and its length.
func rawProfile(text []byte) []byte {
	lines := bytes.SplitN(text, []byte("\n"), 4)
	if len(lines) < 4 {
		return nil
	}
	digits := bytes.Join(bytes.Fields(lines[3]), nil)
	profile, err := hex.AppendDecode(nil, digits)
	if err != nil {
		return nil
	}
	return profile
}
