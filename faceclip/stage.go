package faceclip

import (
	"fmt"
	"strings"
)

// A Stage is a part of Generate.
type Stage int

// The stages in their order.
const (
	Encoding Stage = iota
	Denoising
	Decoding
	Done
)

var stages = [...]string{Encoding: "encoding", Denoising: "denoising", Decoding: "decoding", Done: "done"}

func (s Stage) known() bool { return s >= 0 && int(s) < len(stages) }

func (s Stage) String() string {
	if !s.known() {
		return fmt.Sprintf("stage(%d)", int(s))
	}
	return stages[s]
}

// MarshalText returns the name, or an error if s is no stage.
func (s Stage) MarshalText() ([]byte, error) {
	if !s.known() {
		return nil, fmt.Errorf("faceclip: %v has no name", s)
	}
	return []byte(stages[s]), nil
}

// UnmarshalText sets s to the stage of a name that MarshalText gives.
func (s *Stage) UnmarshalText(name []byte) error {
	for i, known := range stages {
		if string(name) == known {
			*s = Stage(i)
			return nil
		}
	}
	return fmt.Errorf("faceclip: stage %.40q is not one of %s", name, strings.Join(stages[:], ", "))
}
