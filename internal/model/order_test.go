package model

import (
	"encoding/binary"
	"testing"
)

func TestCheckOrder(t *testing.T) {
	if checkOrder(binary.LittleEndian) != nil || checkOrder(binary.BigEndian) == nil {
		t.Error("the wrong order is refused")
	}
}
