package face

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// unread returns an error for a file that is not of a format that is read, with what can be done.
func unread(file []byte) error {
	kinds := map[string]struct{ name, tool string }{
		"avif": {"AVIF", "avifdec photo.avif photo.png"}, "avis": {"AVIF", "avifdec photo.avif photo.png"},
	}
	for _, brand := range []string{"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"} {
		kinds[brand] = struct{ name, tool string }{"HEIC", "heif-convert photo.heic photo.jpg"}
	}
	for _, brand := range brands(file) {
		if k, ok := kinds[brand]; ok {
			return DecodeError{k.name, fmt.Errorf("cannot be read; convert it to JPEG or PNG, such as by %s", k.tool)}
		}
	}
	return DecodeError{"", errors.New("not a JPEG, PNG, WebP, GIF, TIFF or BMP file; convert it to one of them")}
}

// brands returns what a file of ISO's base media format says that it is, the main one last: it is often of a family only.
func brands(file []byte) (all []string) {
	const header = 16 // its size, "ftyp", the main brand, a version
	if len(file) < header || string(file[4:8]) != "ftyp" {
		return nil
	}
	size := min(uint64(binary.BigEndian.Uint32(file)), uint64(len(file)), 1024)
	for at := uint64(header); at+4 <= size; at += 4 {
		if brand := string(file[at : at+4]); brand != "mif1" && brand != "msf1" {
			all = append(all, brand)
		}
	}
	return append(all, string(file[8:12]))
}
