package ptx

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// A buffer is device memory of one allocation, at bufferBase.
type buffer []byte

const bufferBase = 0x7f00_0000_0000

func (b buffer) Bytes(addr uint64, n int) []byte {
	at := addr - bufferBase
	if at > uint64(len(b)) || uint64(n) > uint64(len(b))-at {
		return nil
	}
	return b[at : at+uint64(n)]
}

func (b buffer) floats() []float32 {
	f := make([]float32, len(b)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return f
}

// A program is the body of a kernel, which finds the address of a buffer in %a and its thread in %t.
type program struct {
	body    string
	threads int
	blocks  int
	shared  int // dynamic
	buffer  buffer
}

const prologue = `.version 8.4
.target sm_80
.address_size 64
.extern .shared .align 16 .b8 dyn[];
.visible .entry k(.param .u64 k_param_0)
.maxntid 1024, 1, 1
{
	.reg .pred %p<9>;
	.reg .b16 %h<9>;
	.reg .b32 %r<40>;
	.reg .f32 %f<40>;
	.reg .b64 %d<9>;
	.reg .f64 %fd<9>;
	.reg .b64 %a;
	.reg .b32 %t;
	ld.param.u64 %a, [k_param_0];
	cvta.to.global.u64 %a, %a;
	mov.u32 %t, %tid.x;
`

func (p program) run() error {
	m, err := Parse(prologue + p.body + "\nret;\n}\n")
	if err != nil {
		return err
	}
	args := binary.LittleEndian.AppendUint64(nil, bufferBase)
	return m.Kernel("k").Run(Launch{
		Grid: [3]int{max(p.blocks, 1), 1, 1}, Block: [3]int{max(p.threads, 1), 1, 1}, Shared: p.shared, Args: args,
	}, p.buffer, nil)
}

// faults checks that p ends with a fault that says what.
func (p program) faults(t *testing.T, what string) {
	t.Helper()
	err := p.run()
	var f *Fault
	if !errors.As(err, &f) || !strings.Contains(f.What, what) {
		t.Errorf("got %v, want a fault: %s", err, what)
	}
}

func (p program) passes(t *testing.T) {
	t.Helper()
	if err := p.run(); err != nil {
		t.Error(err)
	}
}

func TestUnknownInstructionNamesLine(t *testing.T) {
	_, err := Parse(prologue + "\twgmma.fence;\n}")
	if err == nil || !strings.Contains(err.Error(), "line 19") || !strings.Contains(err.Error(), "wgmma.fence;") {
		t.Errorf("got %v", err)
	}
}

// Threads that part at a branch, some of which loop, compute what each would alone.
func TestDivergence(t *testing.T) {
	p := program{threads: 32, buffer: make(buffer, 128), body: `
	mov.u32 %r1, 0;
	mov.u32 %r2, 0;
$loop:
	setp.ge.u32 %p1, %r1, %t;
	@%p1 bra $done;
	and.b32 %r3, %r1, 1;
	setp.eq.u32 %p2, %r3, 0;
	@%p2 add.u32 %r2, %r2, 10;
	@!%p2 add.u32 %r2, %r2, 1;
	add.u32 %r1, %r1, 1;
	bra $loop;
$done:
	mad.wide.u32 %d1, %t, 4, %a;
	cvt.rn.f32.u32 %f1, %r2;
	st.global.f32 [%d1], %f1;
`}
	p.passes(t)
	for i, v := range p.buffer.floats() {
		want := float32(0)
		for j := range i {
			want += []float32{10, 1}[j%2]
		}
		if v != want {
			t.Errorf("thread %d has %g, want %g", i, v, want)
		}
	}
}
