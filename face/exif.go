package face

import (
	"bytes"
	"encoding/binary"
	"iter"
	"reflect"

	"github.com/bep/imagemeta"
)

// jpegOrientation looks for the EXIF segment of a JPEG file, whose contents are a header and a TIFF file's. (imagemeta reads
// JPEG too, but loses its way at bytes between segments.)
func jpegOrientation(file []byte) int {
	const header = len("Exif\x00\x00")
	for marker, data := range segments(file) {
		if marker == startOfScan {
			break
		}
		if marker == 0xe1 && len(data) >= header && bytes.HasPrefix(data, []byte("Exif")) {
			return exifOrientation(data[header:], imagemeta.TIFF)
		}
	}
	return 1
}

const startOfScan = 0xda

// segments goes through the segments of a JPEG file, headers of scans among them.
func segments(file []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for {
			at := bytes.IndexByte(file, 0xff)
			if at < 0 {
				return
			}
			for file = file[at:]; len(file) > 0 && file[0] == 0xff; { // one, and any number to fill
				file = file[1:]
			}
			if len(file) < 3 {
				return
			}
			if file[0] == 0 || file[0] >= 0xd0 && file[0] <= 0xd9 { // these have no length
				continue
			}
			end := 1 + int(binary.BigEndian.Uint16(file[1:]))
			if end < 3 || end > len(file) || !yield(file[0], file[3:end]) {
				return
			}
			file = file[end:]
		}
	}
}

func pngOrientation(file []byte) int { return exifOrientation(file, imagemeta.PNG) }

// webpOrientation looks for the EXIF chunk of a WebP file, whose contents are a TIFF file's. (imagemeta reads WebP too, but
// loses some orientations.)
func webpOrientation(file []byte) int {
	for id, data := range chunks(file[riffHeader:]) {
		if id == "EXIF" {
			return exifOrientation(bytes.TrimPrefix(data, []byte("Exif\x00\x00")), imagemeta.TIFF)
		}
	}
	return 1
}

// exifOrientation returns the orientation that a file's EXIF data give, and 1, upright, if they do not: broken metadata are
// no reason to refuse a photo.
func exifOrientation(file []byte, format imagemeta.ImageFormat) int {
	orientation := 1
	imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(file), ImageFormat: format, Sources: imagemeta.EXIF,
		LimitTagSize:    8, // an orientation has less, and lists of directories that are all the same are work without end
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if v := number(t.Value); v >= 1 && v <= 8 {
				orientation = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return orientation
}

// number returns a tag's value. Orientations should be of 16 bits, but some programs write others.
func number(v any) uint64 {
	if v := reflect.ValueOf(v); v.CanUint() {
		return v.Uint()
	}
	return 0
}
