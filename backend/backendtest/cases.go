package backendtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func smallTests() []test {
	return slices.Concat(gemmTests(), convTests(), attentionTests(), deformTests(), ropeTests(),
		layerNormTests(), rmsNormTests(), groupNormTests(),
		actTests(), gluTests(), addTests(), lincombTests(), gatherTests(), copyTests())
}

// made returns the tests of calls.
func made[C interface{ test() test }](calls ...C) (tests []test) {
	for _, c := range calls {
		tests = append(tests, c.test())
	}
	return tests
}

// sampled returns tests that compare some of the elements.
func sampled(tests ...[]test) []test {
	all := slices.Concat(tests...)
	for i := range all {
		all[i].sampled = true
	}
	return all
}

// floats are the element types of weights that every kernel reads.
var floats = []tensor.DType{tensor.F32, tensor.F16, tensor.BF16}

// label joins what is not empty into the name of a test.
func label(parts ...any) string {
	var words []string
	for _, p := range parts {
		if w := strings.NewReplacer(" ", "x", "[", "", "]", "").Replace(fmt.Sprint(p)); w != "" && w != "none" {
			words = append(words, w)
		}
	}
	return strings.Join(words, ",")
}

// flag describes an option that is on.
func flag(on bool, description ...any) string {
	if !on {
		return ""
	}
	return fmt.Sprint(description...)
}

// A vec says which kind of vector operand a call has.
type vec int

const (
	without vec = iota
	shared      // [C]
	batched     // [B, C]: columns of a wider tensor, as in a modulation
)

func (v vec) operand(batch, n int) operand {
	switch v {
	case shared:
		return fixed(n).orNone()
	case batched:
		return fixed(batch, n).orNone().viewed(columns(2))
	}
	return operand{}
}

// label describes the operand called name.
func (v vec) label(name string) string {
	return [...]string{"", name, name + "s"}[v]
}
