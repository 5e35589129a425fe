package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
)

// An instruction is one that kernels use, or some that belong together, in a kernel of a warp. Each lane reads words %x0, %x1… and
// writes words %y0, %y1….
type instruction struct {
	name, body string
	in, out    int                                 // words of a lane
	fill       func(r *rand.Rand, word int) uint32 // nil: bits of hard numbers
	ulps       int                                 // by which devices may differ from the interpreter; 0: in no bit
	raw        bool                                // results are bits; else float32s, whose NaN may have any
}

// plain are instructions of one to three numbers. Approximations may be off by twice what NVIDIA's documentation allows, once on
// either side.
func plain() (all []instruction) {
	const number, bits = false, true
	for _, c := range []struct {
		text string
		in   int
		ulps int
		raw  bool
	}{
		{"add.f32 %y0, %x0, %x1", 2, 0, number}, {"mul.f32 %y0, %x0, %x1", 2, 0, number}, {"fma.rn.f32 %y0, %x0, %x1, %x2", 3, 0, number},
		{"fma.rm.f32 %y0, %x0, %x1, %x2", 3, 0, number}, {"div.rn.f32 %y0, %x0, %x1", 2, 0, number}, {"rcp.rn.f32 %y0, %x0", 1, 0, number},
		{"sqrt.rn.f32 %y0, %x0", 1, 0, number}, {"max.f32 %y0, %x0, %x1", 2, 0, number}, {"cvt.sat.f32.f32 %y0, %x0", 1, 0, number},
		{"cvt.rmi.f32.f32 %y0, %x0", 1, 0, number}, {"cvt.rzi.s32.f32 %y0, %x0", 1, 0, bits}, {"cvt.rn.f32.s32 %y0, %x0", 1, 0, number},
		{"cvt.rn.f32.u32 %y0, %x0", 1, 0, number}, {"cvt.rn.bf16x2.f32 %y0, %x0, %x1", 2, 0, bits},
		{"cvt.rn.f16.f32 %h, %x0; cvt.u32.u16 %y0, %h", 1, 0, bits}, {"cvt.u16.u32 %h, %x0; cvt.f32.f16 %y0, %h", 1, 0, number},
		{"prmt.b32 %y0, %x0, %x1, 0x7430", 2, 0, bits}, {"bfi.b32 %y0, %x0, %x1, 5, 9", 2, 0, bits}, {"mul.hi.s32 %y0, %x0, %x1", 2, 0, bits},
		{"shfl.sync.bfly.b32 %y0, %x0, 5, 31, -1", 1, 0, bits}, {"shfl.sync.idx.b32 %y0, %x0, 7, 31, -1", 1, 0, bits},
		{"ex2.approx.ftz.f32 %y0, %x0", 1, 4, number}, {"rcp.approx.ftz.f32 %y0, %x0", 1, 2, number},
	} {
		name, _, _ := strings.Cut(c.text, " ")
		all = append(all, instruction{name: name, body: c.text + ";", in: c.in, out: 1, ulps: c.ulps, raw: c.raw})
	}
	return all
}

const (
	multiply = `mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%y0, %y1, %y2, %y3}, {%x0, %x1, %x2, %x3}, {%x4, %x5},
		{%x6, %x7, %x8, %x9};`
	stage = `shl.b32 %s, %t, 4; mov.u32 %u, tile; add.u32 %s, %s, %u;
		st.shared.v4.b32 [%s], {%x0, %x1, %x2, %x3}; bar.sync 0;`
	load   = "ldmatrix.sync.aligned.m8n8.x4%s.shared.b16 {%%y0, %%y1, %%y2, %%y3}, [%%s];"
	copy16 = `shl.b32 %s, %t, 4; mov.u32 %u, tile; add.u32 %s, %s, %u; and.b32 %n, %t, 15;
		cp.async.cg.shared.global [%s], [%a], 16, %n; cp.async.commit_group; cp.async.wait_group 0;
		ld.shared.v4.b32 {%y0, %y1, %y2, %y3}, [%s];`
)

// instructions are all that the interpreter could have got wrong. The products of whole numbers are exact in any order: their
// sums show where numbers lie.
func instructions() []instruction {
	return append(plain(),
		instruction{name: "mma of whole numbers", body: multiply, in: 10, out: 4, fill: whole},
		instruction{name: "mma", body: multiply, in: 10, out: 4, fill: positive, ulps: 32},
		instruction{name: "ldmatrix", raw: true, body: stage + fmt.Sprintf(load, ""), in: 4, out: 4},
		instruction{name: "ldmatrix.trans", raw: true, body: stage + fmt.Sprintf(load, ".trans"), in: 4, out: 4},
		instruction{name: "cp.async", raw: true, body: copy16, in: 4, out: 4})
}

// whole returns two small numbers of BF16 or, of the sums that come after six such words, one of F32.
func whole(r *rand.Rand, word int) uint32 {
	f := math.Float32bits(float32(r.IntN(33) - 16))
	if word < 6 {
		f = f>>16 | math.Float32bits(float32(r.IntN(33)-16))
	}
	return f
}

// positive is whole with numbers that do not cancel out.
func positive(r *rand.Rand, word int) uint32 {
	f := math.Float32bits(r.Float32())
	if word < 6 {
		f = f>>16 | math.Float32bits(r.Float32())&0xffff0000
	}
	return f
}

// hard returns bits of numbers at which instructions are apt to differ: specials, ties, subnormals, and any.
func hard(r *rand.Rand, _ int) uint32 {
	special := []uint32{0, 1 << 31, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 1, 0x007fffff, 0x00800000, 0x3f808000, 0x3f818000,
		0x3f800000, 0x477fe000, 0x477ff000, 0x33000000, 0x33000001, 0x38800000, 0x387fc000, 0xc2fc0000, 0xc3160000}
	switch r.IntN(3) {
	case 0:
		return special[r.IntN(len(special))]
	case 1:
		return math.Float32bits(float32(r.NormFloat64()) * 20)
	}
	return r.Uint32()
}

// text returns a kernel as PTX. A warp of block b works on words b·32·(in+out) and after: first what all lanes read.
func (i instruction) text() string {
	var t strings.Builder
	fmt.Fprintf(&t, `.version 8.4
.target sm_80
.address_size 64
.visible .entry k(.param .align 8 .b8 k_param_0[8])
.maxntid 32, 1, 1
{
	.shared .align 16 .b8 tile[512];
	.reg .b16 %%h;
	.reg .b32 %%t, %%b, %%s, %%u, %%n, %%x<10>, %%y<4>;
	.reg .b64 %%a, %%d, %%o;
	ld.param.u64 %%a, [k_param_0];
	cvta.to.global.u64 %%a, %%a;
	mov.u32 %%t, %%tid.x;
	mov.u32 %%b, %%ctaid.x;
	mul.wide.u32 %%o, %%b, %d;
	add.s64 %%a, %%a, %%o;
	mul.wide.u32 %%o, %%t, %d;
	add.s64 %%d, %%a, %%o;
	mul.wide.u32 %%o, %%t, %d;
	add.s64 %%a, %%a, %%o;
`, 128*(i.in+i.out), 4*i.out, 4*i.in)
	for k := range i.in {
		fmt.Fprintf(&t, "\tld.global.b32 %%x%d, [%%a+%d];\n", k, 4*k)
	}
	fmt.Fprintf(&t, "\t%s\n", i.body)
	for k := range i.out {
		fmt.Fprintf(&t, "\tst.global.b32 [%%d+%d], %%y%d;\n", 128*i.in+4*k, k)
	}
	return t.String() + "\tret;\n}\n"
}

const warps = 256

// words returns what a device has in memory before: of every warp what it reads, and zeros.
func (i instruction) words() []byte {
	r, fill := rand.New(rand.NewPCG(1, uint64(len(i.body)))), i.fill
	if fill == nil {
		fill = hard
	}
	var b []byte
	for range warps {
		for k := range 32 * i.in {
			b = binary.LittleEndian.AppendUint32(b, fill(r, k%i.in))
		}
		b = append(b, make([]byte, 128*i.out)...)
	}
	return b
}

// run returns what memory holds afterwards.
func (i instruction) run(t *testing.T, d driver.Device) []byte {
	t.Helper()
	m, log, err := d.LoadModule(i.text())
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	f, err := d.Function(m, "k")
	must(t, err)
	s, err := d.NewStream()
	must(t, err)
	b := i.words()
	at, err := d.Alloc(len(b))
	must(t, err)
	must(t, d.ToDevice(s, at, b))
	must(t, d.Launch(s, f, &driver.Launch{Grid: [3]int{warps, 1, 1}, Block: [3]int{32, 1, 1}, Args: unsafe.Pointer(&at), Size: 8}))
	must(t, d.ToHost(s, b, at))
	must(t, d.SyncStream(s))
	must(t, d.Free(at))
	must(t, d.CloseStream(s))
	return b
}

// TestInstructions runs instructions in the interpreter and, with -device, on hardware, and compares every bit but those of NaN.
func TestInstructions(t *testing.T) {
	interpreter, err := fake.New(fake.Options{Devices: 1}).Open(0)
	must(t, err)
	var device driver.Device
	if *hardware != "" {
		d, err := find()
		must(t, err)
		_, err = d.Devices() // which initialises the driver
		must(t, err)
		_, number, _ := strings.Cut(*hardware, ":")
		ordinal, _ := strconv.Atoi(number)
		device, err = d.Open(ordinal)
		must(t, err)
		defer device.Close()
	}
	for _, i := range instructions() {
		t.Run(i.name, func(t *testing.T) {
			want := i.run(t, interpreter)
			if device != nil {
				i.compare(t, i.run(t, device), want)
			}
		})
	}
}

// compare reports words that differ by more than the instruction allows.
func (i instruction) compare(t *testing.T, got, want []byte) {
	differing, wrong, most := 0, 0, 0
	for at := 0; at < len(want); at += 4 {
		g, w := binary.LittleEndian.Uint32(got[at:]), binary.LittleEndian.Uint32(want[at:])
		if g == w || !i.raw && isNaN(g) && isNaN(w) {
			continue // no kernel looks at the bits of NaN
		}
		differing++
		off := i.off(g, w)
		if most = max(most, off); off <= i.ulps && i.ulps > 0 {
			continue // zeros of either sign are no distance apart, but differ
		}
		if wrong++; wrong <= 5 {
			t.Errorf("word %d of warp %d: %#08x (%g), the interpreter says %#08x (%g)", at/4%(32*(i.in+i.out))-32*i.in,
				at/(128*(i.in+i.out)), g, math.Float32frombits(g), w, math.Float32frombits(w))
		}
	}
	t.Logf("%d of %d words differ, by %d units in the last place at most; %d by more than %d", differing, 32*warps*i.out, most, wrong, i.ulps)
}

// off returns how many numbers lie between a and b. Where subnormal numbers are flushed, zero and the smallest normal one are
// neighbours.
func (i instruction) off(a, b uint32) int {
	place := func(u uint32) int {
		magnitude := int(u & 0x7fffffff)
		if strings.Contains(i.body, ".ftz") {
			magnitude = max(0, magnitude-0x7fffff)
		}
		if u>>31 == 1 {
			return -magnitude
		}
		return magnitude
	}
	d := place(a) - place(b)
	return max(d, -d)
}

func isNaN(u uint32) bool { return u&0x7fffffff > 0x7f800000 }
