package face

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// TestForms checks orientations in forms that cameras do not write, but programs do.
func TestForms(t *testing.T) {
	const exif = "\xff\xe1\x00\x22Exif\x00\x00"
	short := []byte(exif + "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00")
	long := bytes.Replace(short, []byte("\x12\x01\x03"), []byte("\x12\x01\x04"), 1)
	octet := bytes.Replace(short, []byte("\x12\x01\x03"), []byte("\x12\x01\x01"), 1)
	bigLong := []byte(exif + "MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x04\x00\x00\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00")
	none := bytes.Replace(long, []byte("\x06\x00"), []byte("\x09\x00"), 1)
	comment := []byte("\xff\xfe\x00\x06\xff\xe1\xff\xda")
	file := readFile(t, "orientation-1.jpg")[2:]
	for name, c := range map[string]struct {
		before []byte
		want   int
	}{
		"short": {short, 6}, "long": {long, 6}, "byte": {octet, 6}, "long, big-endian": {bigLong, 6}, "9": {none, 1},
		"fill bytes":      {slices.Concat(comment, []byte("\xff\xff\xff"), short), 6},
		"stray bytes":     {slices.Concat(comment, []byte("\x00\x01\xff\x00\xff\xd0"), short), 6},
		"another segment": {slices.Concat([]byte("\xff\xe1\x00\x08http:/"), short), 6},
		"cut":             {short[:20], 1},
	} {
		if got := jpegMetadata(slices.Concat([]byte("\xff\xd8"), c.before, file)).orientation(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// TestManyDirectories checks that directories that a list names again and again are not gone through each time.
func TestManyDirectories(t *testing.T) {
	const listed, tags = 2400, 65_535
	file := binary.BigEndian.AppendUint32([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x4a\x00\x04"), listed)
	file = append(file, 0, 0, 0, 26, 0, 0, 0, 0)
	for range listed {
		file = binary.BigEndian.AppendUint32(file, 26+4*listed)
	}
	file = append(file, tags>>8, tags&255)
	file = append(file, bytes.Repeat([]byte("\x01\x00\x00\x04\x00\x02\x00\x00\x00\x00\x00\x00"), tags)...)
	start := time.Now()
	if got := (metadata{exif: file}).orientation(); got != 1 || time.Since(start) > time.Second {
		t.Errorf("%d after %v", got, time.Since(start))
	}
}
