package pytorch

import (
	"errors"
	"fmt"
	"math"
)

const (
	maxName   = 1024 // bytes of an entry's name; a file system takes about 255 for the folder
	encrypted = 0x2041
	zip64ID   = 1
	in64      = math.MaxUint32 // in place of a number that the zip64 field has
)

// readDirectory returns the n entries of a directory. Their data has its size, but no place yet.
func readDirectory(dir []byte, n int) ([]entry, error) {
	entries := make([]entry, 0, n)
	for range n {
		e, rest, err := readEntry(dir)
		if err != nil {
			return nil, err
		}
		entries, dir = append(entries, e), rest
	}
	if len(dir) > 0 {
		return nil, fmt.Errorf("zip: %d bytes after the %d entries of the directory", len(dir), n)
	}
	return entries, nil
}

// readEntry returns the first entry of a directory and the rest.
func readEntry(dir []byte) (entry, []byte, error) {
	if len(dir) < directorySize || !magic(dir, 0, directoryMagic) {
		return entry{}, nil, errors.New("zip: damaged directory")
	}
	name, extra, comment := int(u16(dir, 28)), int(u16(dir, 30)), int(u16(dir, 32))
	if len(dir) < directorySize+name+extra+comment {
		return entry{}, nil, errors.New("zip: damaged directory")
	}
	if name > maxName {
		return entry{}, nil, fmt.Errorf("zip: name of %d bytes, expected at most %d", name, maxName)
	}
	e := entry{name: string(dir[directorySize : directorySize+name])}
	fields := dir[directorySize+name : directorySize+name+extra]
	if err := e.describe(dir, fields); err != nil {
		return entry{}, nil, fmt.Errorf("zip entry %.100q: %w", e.name, err)
	}
	return e, dir[directorySize+name+extra+comment:], nil
}

// describe takes size and place from the entry's fixed part in the directory and its extra fields.
func (e *entry) describe(fixed, extra []byte) error {
	e.flags, e.method = u16(fixed, 8), u16(fixed, 10)
	stored, size, header := uint64(u32(fixed, 20)), uint64(u32(fixed, 24)), uint64(u32(fixed, 42))
	large := field(extra, zip64ID)
	for _, v := range []*uint64{&size, &stored, &header} { // the order in the field, which has only those that are needed
		if *v != in64 {
			continue
		}
		if len(large) < 8 {
			return errors.New("zip64 field is missing or too short")
		}
		*v, large = u64(large, 0), large[8:]
	}
	if stored != size && e.method == 0 {
		return fmt.Errorf("%d bytes stored for %d", stored, size)
	}
	if size > math.MaxInt || header > math.MaxInt {
		return fmt.Errorf("%d bytes at byte %d are beyond the file", size, header)
	}
	e.header, e.data = int(header), span{0, int(size)}
	return nil
}

// field returns the content of the first extra field of a kind, or nil.
func field(extra []byte, id uint16) []byte {
	for len(extra) >= 4 {
		size := int(u16(extra, 2))
		if size > len(extra)-4 {
			return nil
		}
		if u16(extra, 0) == id {
			return extra[4 : 4+size]
		}
		extra = extra[4+size:]
	}
	return nil
}

// locate finds the data behind the local header. What precedes the directory is before.
func (e *entry) locate(before []byte) error {
	size := e.data.hi
	if e.header > len(before)-localSize || !magic(before, e.header, localMagic) {
		return fmt.Errorf("no header at byte %d", e.header)
	}
	h := before[e.header:]
	flags, method := e.flags|u16(h, 6), max(e.method, u16(h, 8))
	name, extra := int(u16(h, 26)), int(u16(h, 28))
	lo := e.header + localSize + name + extra
	switch {
	case flags&encrypted != 0:
		return errors.New("is encrypted")
	case method != 0:
		return fmt.Errorf("is compressed (method %d), expected as it is, as torch.save stores it", method)
	case len(h) < localSize+name+extra || string(h[localSize:localSize+name]) != e.name:
		return errors.New("its header has another name")
	case size > len(before)-lo:
		return fmt.Errorf("%d bytes from byte %d are beyond the files of the archive, which end at byte %d", size, lo, len(before))
	}
	e.data = span{lo, lo + size}
	return nil
}
