package face

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

// metadata are what a file may say its orientation in. They are nil where there are none.
type metadata struct{ exif, xmp []byte }

// orientation returns what EXIF data say, or else what XMP says, as Pillow's exif_transpose does; and 1, upright, if they do
// not: broken metadata are no reason to refuse a photo.
func (m metadata) orientation() int {
	const tag = 0x112
	exif := m.exif
	for range 2 { // some programs write it twice
		exif = bytes.TrimPrefix(exif, []byte(exifHeader))
	}
	if d, ok := newDirectory(exif); ok {
		if value, ok := d.number(tag); ok {
			return valid(value)
		}
	}
	if found := xmpOrientation.FindSubmatch(m.xmp); found != nil {
		return valid(uint32(found[1][0] - '0'))
	}
	return 1
}

const exifHeader = "Exif\x00\x00"

// xmpOrientation finds the property as an attribute or as an element, without a parser, for which XMP is often not fit.
var xmpOrientation = regexp.MustCompile(`tiff:Orientation(?:="|>)([0-9])`)

func valid(orientation uint32) int {
	if orientation < 1 || orientation > 8 {
		return 1
	}
	return int(orientation)
}

// A directory is the first one of a TIFF file, which EXIF data are: entries of 12 bytes, each with a tag, the type and the number
// of its values, and the values, or where they are.
type directory struct {
	file    []byte
	order   binary.ByteOrder
	entries []byte
}

// newDirectory returns the directory of a file, or of a part of one what there is.
func newDirectory(file []byte) (d directory, ok bool) {
	const header, entry = 8, 12
	switch {
	case bytes.HasPrefix(file, []byte("II*\x00")):
		d.order = binary.LittleEndian
	case bytes.HasPrefix(file, []byte("MM\x00*")):
		d.order = binary.BigEndian
	default:
		return d, false
	}
	if len(file) < header {
		return d, false
	}
	at := uint64(d.order.Uint32(file[4:]))
	if at+2 > uint64(len(file)) {
		return d, false
	}
	d.file, d.entries = file, file[at+2:]
	d.entries = d.entries[:min(len(d.entries)/entry, int(d.order.Uint16(file[at:])))*entry]
	return d, true
}

// sizes are the bytes that a value of each type has.
var sizes = [...]uint64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

// values returns the type of a tag's values and their bytes, nil if it has none. Of several entries the first counts.
func (d directory) values(tag uint16) (kind uint16, values []byte) {
	for e := d.entries; len(e) > 0; e = e[12:] {
		kind = d.order.Uint16(e[2:])
		if d.order.Uint16(e) != tag || int(kind) >= len(sizes) {
			continue
		}
		size, from := uint64(d.order.Uint32(e[4:]))*sizes[kind], uint64(d.order.Uint32(e[8:]))
		switch {
		case size == 0:
		case size <= 4:
			return kind, e[8 : 8+size]
		case from+size <= uint64(len(d.file)):
			return kind, d.file[from : from+size]
		}
	}
	return 0, nil
}

// number returns the first value of a tag, 0 if it is no whole number. Orientations should be of 16 bits, but some programs write
// others.
func (d directory) number(tag uint16) (value uint32, ok bool) {
	kind, values := d.values(tag)
	switch kind {
	case 1, 6:
		value = uint32(values[0])
	case 3, 8:
		value = uint32(d.order.Uint16(values))
	case 4, 9:
		value = d.order.Uint32(values)
	}
	return value, values != nil
}
