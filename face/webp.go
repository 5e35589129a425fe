package face

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"iter"
	"slices"
)

const riffHeader = len("RIFF????WEBP")

// webpConfig returns the size of a WebP file's canvas. The decoder does not look at the size of an animation's frames before
// it takes memory for them; here they must lie on the canvas.
func webpConfig(_ context.Context, file []byte) (image.Config, error) {
	config, err := decodeWebPConfig(file)
	if err != nil {
		return config, err
	}
	if frame, at := firstFrame(file); frame != nil {
		part, err := decodeWebPConfig(frame)
		if err != nil {
			return config, err
		}
		if at.X+part.Width > config.Width || at.Y+part.Height > config.Height {
			return config, fmt.Errorf("a frame of %d × %d pixels at %v on a canvas of %d × %d", part.Width, part.Height, at, config.Width, config.Height)
		}
	}
	return config, nil
}

// webpDecode returns the picture of a WebP file, or an animation's first one, where it is on the canvas.
func webpDecode(_ context.Context, file []byte) (image.Image, error) {
	frame, at := firstFrame(file)
	if frame == nil {
		return decodeWebP(file)
	}
	img, err := decodeWebP(frame)
	if err != nil {
		return nil, err
	}
	part := img.(*image.NRGBA) // as Decode promises
	part.Rect = part.Rect.Add(at)
	return part, nil
}

// firstFrame returns the first frame of an animated WebP file as a file of its own, and where it is on the canvas. It
// returns nil for a file that is not animated.
func firstFrame(file []byte) ([]byte, image.Point) {
	const header = 16
	for id, data := range chunks(file[riffHeader:]) {
		switch {
		case id == "VP8 " || id == "VP8L" || id == "ALPH":
			return nil, image.Point{}
		case id == "ANMF" && len(data) >= header:
			at := image.Pt(2*uint24(data), 2*uint24(data[3:]))
			still := slices.Concat([]byte("RIFF????WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"), data[6:12]) // the size
			for id, part := range chunks(data[header:]) {
				if id == "ALPH" || id == "VP8 " || id == "VP8L" {
					still = appendChunk(still, id, part)
				}
			}
			binary.LittleEndian.PutUint32(still[4:], uint32(len(still)-8))
			return still, at
		}
	}
	return nil, image.Point{}
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// chunks goes through the chunks of a RIFF file or of a chunk's contents.
func chunks(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		const header = 8
		for len(data) >= header {
			size := int64(binary.LittleEndian.Uint32(data[4:]))
			if size > int64(len(data)-header) || !yield(string(data[:4]), data[header:header+size]) {
				return
			}
			data = data[min(header+size+size%2, int64(len(data))):]
		}
	}
}

func appendChunk(file []byte, id string, data []byte) []byte {
	file = append(file, id...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(data)))
	return append(append(file, data...), make([]byte, len(data)%2)...)
}

// webpMetadata returns the chunks of EXIF and XMP.
func webpMetadata(file []byte) (m metadata) {
	for id, data := range chunks(file[riffHeader:]) {
		switch {
		case id == "EXIF" && m.exif == nil:
			m.exif = data
		case id == "XMP " && m.xmp == nil:
			m.xmp = data
		}
	}
	return m
}
