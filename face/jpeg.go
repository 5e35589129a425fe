package face

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"iter"
)

const startOfScan = 0xda

// jpegConfig returns the size of a JPEG file, unless it has so many scans that decoding it takes out of all proportion.
func jpegConfig(ctx context.Context, file []byte) (image.Config, error) {
	config, err := reading(jpeg.DecodeConfig)(ctx, file)
	if err != nil {
		return config, err
	}
	scans := 0
	for marker := range segments(file) {
		if marker == startOfScan {
			scans++
		}
	}
	if scans > 1 && config.Width*config.Height > MaxWork/scans {
		return config, fmt.Errorf("%d × %d pixels in %d scans", config.Width, config.Height, scans)
	}
	return config, nil
}

// jpegDecode decodes a JPEG file that need not have the marker at its end.
func jpegDecode(ctx context.Context, file []byte) (image.Image, error) {
	return jpeg.Decode(reader{ctx, io.MultiReader(bytes.NewReader(file), bytes.NewReader([]byte("\xff\xd9")))})
}

// jpegMetadata looks for the segments of EXIF, which may be several that belong together, and of XMP.
func jpegMetadata(file []byte) (m metadata) {
	const xmpHeader = "http://ns.adobe.com/xap/1.0/\x00"
	for marker, data := range segments(file) {
		switch {
		case marker == startOfScan:
			return m
		case marker == 0xe1 && len(data) >= len(exifHeader) && bytes.HasPrefix(data, []byte("Exif")):
			m.exif = append(m.exif, data[len(exifHeader):]...)
		case marker == 0xe1 && bytes.HasPrefix(data, []byte(xmpHeader)):
			m.xmp = data[len(xmpHeader):]
		}
	}
	return m
}

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
