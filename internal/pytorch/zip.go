package pytorch

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The parts of a zip archive that matter here: for each file a local header and its bytes; the directory, which repeats
// the headers; the end, which says where the directory is. Archives of 4 GB and more have a second, larger end (zip64)
// and a locator of it before the end. archive/zip would do, but it makes a large value for as many entries as a file
// claims to have, and does not check that they lie beside each other.
const (
	localMagic     = "PK\x03\x04"
	directoryMagic = "PK\x01\x02"
	end64Magic     = "PK\x06\x06"
	locatorMagic   = "PK\x06\x07"
	endMagic       = "PK\x05\x06"

	localSize     = 30 // bytes of the fixed part of each
	directorySize = 46
	end64Size     = 56
	locatorSize   = 20
	endSize       = 22

	maxComment = 0xFFFF // bytes after the end
	maxEntries = 100_000
)

// An entry is one file of an archive.
type entry struct {
	name          string
	flags, method uint16
	header        int // where the local header begins
	data          span
}

// listZip returns the entries of an archive, in the order of its directory, and what precedes the directory.
func listZip(file []byte) ([]entry, []byte, error) {
	at, n, err := findDirectory(file)
	if err != nil {
		return nil, nil, err
	}
	entries, err := readDirectory(file[at.lo:at.hi], n)
	return entries, file[:at.lo], err
}

// locate finds the data of the entries. They are stored as they are, have different names and do not overlap.
func locate(entries []entry, before []byte) error {
	seen := make(map[string]bool, len(entries))
	for i := range entries {
		e := &entries[i]
		if err := e.locate(before); err != nil {
			return fmt.Errorf("zip entry %.100q: %w", e.name, err)
		}
		if seen[e.name] {
			return fmt.Errorf("zip entry %.100q: there are two", e.name)
		}
		seen[e.name] = true
	}
	return checkOverlap(entries)
}

func checkOverlap(entries []entry) error {
	order := slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return cmp.Compare(a.header, b.header) })
	for i := 1; i < len(order); i++ {
		if order[i].header < order[i-1].data.hi {
			return fmt.Errorf("zip entry %.100q: overlaps with %.100q", order[i].name, order[i-1].name)
		}
	}
	return nil
}

// findDirectory reads the end of an archive: where its directory is and how many entries that has.
func findDirectory(file []byte) (place span, entries int, err error) {
	at := findEnd(file)
	if at < 0 {
		return span{}, 0, notZip(file)
	}
	end := file[at:]
	count, size, start := uint64(u16(end, 10)), uint64(u32(end, 12)), uint64(u32(end, 16))
	parts := u16(end, 4) != 0 || u16(end, 6) != 0
	if p := at - locatorSize; p >= 0 && magic(file, p, locatorMagic) {
		at64 := u64(file, p+8)
		if p < end64Size || at64 > uint64(p-end64Size) || !magic(file, int(at64), end64Magic) {
			return span{}, 0, fmt.Errorf("zip64: no end of the directory at byte %d", at64)
		}
		at = int(at64)
		count, size, start = u64(file, at+32), u64(file, at+40), u64(file, at+48)
		parts = u32(file, at+16) != 0 || u32(file, at+20) != 0
	}
	switch {
	case parts:
		return span{}, 0, errors.New("zip: in several parts, expected one file")
	case start > uint64(at) || size != uint64(at)-start:
		return span{}, 0, fmt.Errorf("zip: directory of %d bytes from byte %d, expected to end at byte %d", size, start, at)
	case count > maxEntries:
		return span{}, 0, fmt.Errorf("zip: %d entries, expected at most %d", count, maxEntries)
	case count > size/directorySize:
		return span{}, 0, fmt.Errorf("zip: %d entries in a directory of %d bytes", count, size)
	}
	return span{int(start), at}, int(count), nil
}

// findEnd returns where the end of an archive begins, or -1. Only a comment may follow it.
func findEnd(file []byte) int {
	for at := len(file) - endSize; at >= 0 && at >= len(file)-endSize-maxComment; at-- {
		if magic(file, at, endMagic) && at+endSize+int(u16(file, at+20)) == len(file) {
			return at
		}
	}
	return -1
}

func magic(b []byte, at int, want string) bool { return string(b[at:at+len(want)]) == want }

func u16(b []byte, at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
