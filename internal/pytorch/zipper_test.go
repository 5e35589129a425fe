package pytorch

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A record is a file of an archive.
type record struct{ name, data string }

// A zipped is the headers of a record.
type zipped struct {
	record
	header, stored, size uint64
	wide                 bool // the numbers are in a zip64 field
	method               uint16
	local                string // name in the local header
}

// An ending is what the end of an archive says of the directory.
type ending struct {
	entries, size, start uint64
	wide                 bool
	comment              string
}

// file puts the archive together: records in any order, aligned or not, with or without the larger headers of zip64.
func (l *layout) file() []byte {
	root := strings.ReplaceAll(l.word(), "/", "") + "r/"
	records := append(l.records, record{"data.pkl", string(l.pickle())})
	for _, s := range l.storages {
		records = append(records, record{"data/" + s.key, string(s.bytes())})
	}
	for _, more := range []record{
		{"byteorder", "little"}, {"version", "3\n"},
		{".format_version", "1"}, {".storage_alignment", "64"}, {".data/serialization_id", l.word()},
	} {
		if l.IntN(3) > 0 {
			records = append(records, more)
		}
	}
	l.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return l.zip(root, records)
}

func (l *layout) zip(root string, records []record) []byte {
	var file []byte
	var entries []*zipped
	align := []int{1, 4, 64}[l.IntN(3)]
	for _, r := range records {
		r.name = root + r.name
		size := uint64(len(r.data))
		e := &zipped{record: r, header: uint64(len(file)), stored: size, size: size, wide: l.IntN(4) == 0, local: r.name}
		entries = append(entries, e)
		file = append(file, e.localHeader(-(len(file)+localSize+len(e.local)+4)&(align-1))...)
		file = append(append(file, r.data...), make([]byte, 16*l.IntN(2))...) // perhaps a descriptor behind the data
	}
	l.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	end := &ending{entries: uint64(len(entries)), start: uint64(len(file)), wide: l.IntN(4) == 0, comment: l.word()}
	if l.boast != nil {
		l.boast(entries, end)
	}
	for _, e := range entries {
		file = append(file, e.entry()...)
	}
	if end.size == 0 {
		end.size = uint64(len(file)) - end.start
	}
	return append(file, end.bytes(len(file))...)
}

// localHeader returns the header before the data, with so many bytes to fill up.
func (e *zipped) localHeader(padding int) []byte {
	le := binary.LittleEndian
	b := append([]byte(localMagic), 20, 0, 0, 8)
	b = le.AppendUint16(b, e.method)
	b = append(b, 0, 0, 0, 0)
	b = le.AppendUint32(b, crc32.ChecksumIEEE([]byte(e.data)))
	b = le.AppendUint32(le.AppendUint32(b, uint32(e.stored)), uint32(e.size))
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(e.local))), uint16(4+padding))
	b = append(append(b, e.local...), 'F', 'B')
	return append(le.AppendUint16(b, uint16(padding)), strings.Repeat("Z", padding)...)
}

// entry returns the header in the directory.
func (e *zipped) entry() []byte {
	le := binary.LittleEndian
	stored, size, header, extra := uint32(e.stored), uint32(e.size), uint32(e.header), []byte{'F', 'B', 1, 0, 'Z'}
	if e.wide {
		stored, size, header = in64, in64, in64
		extra = le.AppendUint16(le.AppendUint16(extra, zip64ID), 24)
		extra = le.AppendUint64(le.AppendUint64(le.AppendUint64(extra, e.size), e.stored), e.header)
	}
	b := append([]byte(directoryMagic), 0, 0, 45, 0, 0, 8)
	b = le.AppendUint16(b, e.method)
	b = append(b, 0, 0, 0, 0)
	b = le.AppendUint32(b, crc32.ChecksumIEEE([]byte(e.data)))
	b = le.AppendUint32(le.AppendUint32(b, stored), size)
	b = le.AppendUint16(le.AppendUint16(le.AppendUint16(b, uint16(len(e.name))), uint16(len(extra))), 0)
	b = le.AppendUint32(append(b, 0, 0, 0, 0, 0, 0, 0, 0), header)
	return append(append(b, e.name...), extra...)
}

// bytes returns the end of an archive, from byte at.
func (e *ending) bytes(at int) []byte {
	le := binary.LittleEndian
	var b []byte
	entries, size, start := uint16(e.entries), uint32(e.size), uint32(e.start)
	if e.wide {
		b = le.AppendUint64([]byte(end64Magic), end64Size-12)
		b = append(b, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = le.AppendUint64(le.AppendUint64(b, e.entries), e.entries)
		b = le.AppendUint64(le.AppendUint64(b, e.size), e.start)
		b = append(append(b, locatorMagic...), 0, 0, 0, 0)
		b = le.AppendUint32(le.AppendUint64(b, uint64(at)), 1)
		entries, size, start = 0xFFFF, in64, in64
	}
	b = append(append(b, endMagic...), 0, 0, 0, 0)
	b = le.AppendUint16(le.AppendUint16(b, entries), entries)
	b = le.AppendUint32(le.AppendUint32(b, size), start)
	return append(le.AppendUint16(b, uint16(len(e.comment))), e.comment...)
}
