package ptx

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

// An operation is an instruction of the operands 1, 2 and 3 of any kind (%r1, %f2, %d3, %fd1, %h2) whose result, 9, has a type.
// want computes it of the bits of the operands.
type operation struct {
	instruction, result string
	want                func(a, b, c uint64) uint64
}

// frame has a thread read its three operands, do something, and write the result.
const frame = `
	.reg .pred %%q<10>; .reg .b16 %%h<10>; .reg .b32 %%r<10>; .reg .b64 %%d<12>; .reg .f32 %%f<10>; .reg .f64 %%fd<10>;
	mad.wide.u32 %d10, %t, 32, %a;
	ld.global.u64 %d1, [%d10]; ld.global.u64 %d2, [%d10+8]; ld.global.u64 %d3, [%d10+16];
	ld.global.u32 %r1, [%d10]; ld.global.u32 %r2, [%d10+8]; ld.global.u32 %r3, [%d10+16];
	ld.global.u16 %h1, [%d10]; ld.global.u16 %h2, [%d10+8]; ld.global.u16 %h3, [%d10+16];
	ld.global.f32 %f1, [%d10]; ld.global.f32 %f2, [%d10+8]; ld.global.f32 %f3, [%d10+16];
	ld.global.f64 %fd1, [%d10]; ld.global.f64 %fd2, [%d10+8]; ld.global.f64 %fd3, [%d10+16];
	INSTRUCTION
	st.global.TYPE [%d10+24], RESULT;`

var resultRegisters = map[string]string{
	"u16": "%h9", "s16": "%h9", "u32": "%r9", "s32": "%r9", "f32": "%f9", "u64": "%d9", "s64": "%d9", "f64": "%fd9",
}

// evaluate runs an instruction on the operands of each thread.
func evaluate(t *testing.T, o operation, operands [][3]uint64) []uint64 {
	t.Helper()
	body := strings.NewReplacer("%%", "%", "INSTRUCTION", o.instruction, "TYPE", o.result, "RESULT", resultRegisters[o.result]).Replace(frame)
	p := program{threads: len(operands), body: "{" + body + "}"}
	for _, x := range operands {
		for _, v := range append(x[:], 0) {
			p.buffer = binary.LittleEndian.AppendUint64(p.buffer, v)
		}
	}
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	results := make([]uint64, len(operands))
	for i := range results {
		results[i] = binary.LittleEndian.Uint64(p.buffer[32*i+24:])
	}
	return results
}

// check compares an operation with what is wanted of it.
func (o operation) check(t *testing.T, operands [][3]uint64) {
	t.Helper()
	t.Run(o.instruction, func(t *testing.T) {
		for i, got := range evaluate(t, o, operands) {
			x := operands[i]
			want := o.want(x[0], x[1], x[2]) & (1<<typeBits[o.result] - 1)
			if want != skip && got != want && !bothNaN(o.result, got, want) {
				t.Fatalf("%#x, %#x, %#x give %#x, want %#x", x[0], x[1], x[2], got, want)
			}
		}
	})
}

func bothNaN(typ string, a, b uint64) bool {
	switch typ {
	case "f32":
		return math.IsNaN(float64(f32(a))) && math.IsNaN(float64(f32(b)))
	case "f64":
		return math.IsNaN(math.Float64frombits(a)) && math.IsNaN(math.Float64frombits(b))
	}
	return false
}

func f32(v uint64) float32    { return math.Float32frombits(uint32(v)) }
func bits32(x float32) uint64 { return uint64(math.Float32bits(x)) }
