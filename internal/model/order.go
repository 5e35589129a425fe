package model

import (
	"encoding/binary"
	"errors"
)

// checkOrder returns an error unless numbers in memory, in the order native, lie as they do in files: weights are used where they
// are mapped.
func checkOrder(native binary.ByteOrder) error {
	if native.Uint16([]byte{1, 0}) == 1 {
		return nil
	}
	return errors.New("this machine is big-endian, which is not supported: weights are used as they lie in files, which are little-endian")
}
