package tokenizer

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// A protoField is a field of a message of Protocol Buffers.
type protoField struct {
	number protowire.Number
	wire   protowire.Type
	value  []byte // as it is encoded
}

// readFields calls read with the fields of message, up to the first error.
func readFields(message []byte, read func(protoField) error) error {
	for len(message) > 0 {
		number, wire, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return errors.New("the number of a field is cut off or too large")
		}
		size := protowire.ConsumeFieldValue(number, wire, message[tag:])
		if size < 0 || wire == protowire.StartGroupType { // which nobody writes any more
			return fmt.Errorf("field %d of wire type %d is cut off or unknown", number, wire)
		}
		if err := read(protoField{number, wire, message[tag : tag+size]}); err != nil {
			return err
		}
		message = message[tag+size:]
	}
	return nil
}

// want checks the wire type of a field that is known.
func (f protoField) want(wire protowire.Type) error {
	if f.wire != wire {
		return fmt.Errorf("field %d has wire type %d, want %d", f.number, f.wire, wire)
	}
	return nil
}
