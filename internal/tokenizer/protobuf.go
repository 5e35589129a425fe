package tokenizer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// The wire types of Protocol Buffers.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// A protoField is a field of a message of Protocol Buffers.
type protoField struct {
	number uint64
	wire   uint64
	value  uint64 // of a varint or a fixed field
	bytes  []byte // of a field of bytes
}

// fields returns the fields of message. An error is the last.
func fields(message []byte) iter.Seq2[protoField, error] {
	return func(yield func(protoField, error) bool) {
		for len(message) > 0 {
			f, rest, err := nextField(message)
			if !yield(f, err) || err != nil {
				return
			}
			message = rest
		}
	}
}

func nextField(message []byte) (f protoField, rest []byte, err error) {
	tag, rest, err := nextVarint(message)
	if err != nil {
		return f, nil, err
	}
	f.number, f.wire = tag>>3, tag&7
	switch {
	case f.wire == wireVarint:
		f.value, rest, err = nextVarint(rest)
		return f, rest, err
	case f.wire == wireFixed32 && len(rest) >= 4:
		f.value = uint64(binary.LittleEndian.Uint32(rest))
		return f, rest[4:], nil
	case f.wire == wireFixed64 && len(rest) >= 8:
		f.value = binary.LittleEndian.Uint64(rest)
		return f, rest[8:], nil
	case f.wire == wireBytes:
		var size uint64
		if size, rest, err = nextVarint(rest); err == nil && size <= uint64(len(rest)) {
			f.bytes = rest[:size]
			return f, rest[size:], nil
		}
	}
	return f, nil, fmt.Errorf("field %d of wire type %d is cut off or unknown", f.number, f.wire)
}

func nextVarint(b []byte) (value uint64, rest []byte, err error) {
	value, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errors.New("a number is cut off or too large")
	}
	return value, b[n:], nil
}

// want checks the wire type of a field that is known.
func (f protoField) want(wire uint64) error {
	if f.wire != wire {
		return fmt.Errorf("field %d has wire type %d, want %d", f.number, f.wire, wire)
	}
	return nil
}
