package face

import (
	"bytes"
	"encoding/binary"

	"github.com/bep/imagemeta"
)

func jpegOrientation(file []byte) int { return exifOrientation(file, imagemeta.JPEG) }

func pngOrientation(file []byte) int { return exifOrientation(file, imagemeta.PNG) }

// webpOrientation looks for the EXIF chunk of a WebP file, whose contents are a TIFF file's. (imagemeta reads WebP too, but
// loses some orientations.)
func webpOrientation(file []byte) int {
	const header, chunk = 12, 8
	for at := header; at+chunk <= len(file); {
		size := int(binary.LittleEndian.Uint32(file[at+4:]))
		if size > len(file)-at-chunk {
			break
		}
		if data := file[at+chunk : at+chunk+size]; string(file[at:at+4]) == "EXIF" {
			return exifOrientation(bytes.TrimPrefix(data, []byte("Exif\x00\x00")), imagemeta.TIFF)
		}
		at += chunk + size + size%2
	}
	return 1
}

// exifOrientation returns the orientation that a file's EXIF data give, and 1, upright, if they do not: broken metadata are
// no reason to refuse a photo.
func exifOrientation(file []byte, format imagemeta.ImageFormat) int {
	orientation := 1
	imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(file), ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v >= 1 && v <= 8 {
				orientation = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return orientation
}
