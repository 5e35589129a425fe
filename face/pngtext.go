package face

import (
	"bytes"
	"encoding/hex"

	"github.com/faceclip-go/faceclip-go/internal/pngtext"
)

// pngMetadata looks for EXIF data in a chunk of their own or, as ImageMagick writes them, in a text; and for XMP, which is a
// text. Of several of a kind the last counts, and only that is unpacked.
func pngMetadata(file []byte) (m metadata) {
	var profile, xmp pngtext.Text
	for rest := file[len(pngSignature):]; ; {
		kind, chunk := nextPNGChunk(rest)
		if kind == "IEND" || kind == "" {
			break
		}
		rest = rest[len(chunk):]
		data := chunk[8 : len(chunk)-4]
		if kind == "eXIf" {
			m.exif = data
		}
		switch text, _ := pngtext.Of(kind, data); text.Key {
		case "Raw profile type exif":
			profile = text
		case pngtext.XMP:
			xmp = text
		}
	}
	m.xmp = xmp.Unpack()
	if m.exif == nil {
		m.exif = rawProfile(profile.Unpack())
	}
	return m
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
