package ptx

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// nearestHalf returns the number of 16 bits nearest to x, by trying all. Of two equally near it takes the even one.
func nearestHalf(x float64, value func(v uint32) float64) uint32 {
	best, distance := uint32(0), math.Inf(1)
	for v := range uint32(1 << 16) {
		y := value(v)
		if math.IsNaN(y) || math.IsInf(y, 0) || math.Signbit(y) != math.Signbit(x) {
			continue
		}
		if d := math.Abs(y - x); d < distance || d == distance && v&1 == 0 {
			best, distance = v, d
		}
	}
	return best
}

// valueF16 and valueBF16 are IEEE 754's definitions.
func valueF16(v uint32) float64 {
	fraction, exponent := float64(v&0x3ff)/1024, int(v>>10&31)
	x := math.Ldexp(1+fraction, exponent-15)
	switch {
	case exponent == 0:
		x = math.Ldexp(fraction, -14)
	case exponent == 31 && fraction != 0:
		x = math.NaN()
	case exponent == 31:
		x = math.Inf(1)
	}
	if v>>15 != 0 {
		return -x
	}
	return x
}

func valueBF16(v uint32) float64 { return float64(math.Float32frombits(v << 16)) }

func TestHalves(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var operands [][3]uint64
	for i := range 64 {
		x := r.NormFloat64() * math.Ldexp(1, r.IntN(30)-20)
		if i%3 == 0 {
			x = float64(float32(i)/64+1) + 0x1p-11*float64(i%5) // middles of two halves among them
		}
		y := r.NormFloat64()
		operands = append(operands, [3]uint64{bits32(float32(x)), bits32(float32(y)), bits32(float32(x * y))})
	}
	nearest := func(v uint64, value func(uint32) float64) uint64 { return uint64(nearestHalf(float64(f32(v)), value)) }
	for _, o := range []operation{
		{"cvt.rn.f16.f32 %h9, %f1;", "u16", func(a, b, c uint64) uint64 { return nearest(a, valueF16) }},
		{"cvt.rn.bf16.f32 %h9, %f1;", "u16", func(a, b, c uint64) uint64 { return nearest(a, valueBF16) }},
		{"cvt.rn.bf16x2.f32 %r9, %f1, %f2;", "u32", func(a, b, c uint64) uint64 { return nearest(a, valueBF16)<<16 | nearest(b, valueBF16) }},
		{"cvt.rn.f16x2.f32 %r9, %f1, %f2;", "u32", func(a, b, c uint64) uint64 { return nearest(a, valueF16)<<16 | nearest(b, valueF16) }},
		{"cvt.rz.bf16.f32 %h9, %f1;", "u16", func(a, b, c uint64) uint64 { return a >> 16 }},
		{"cvt.f32.f16 %f9, %h1;", "f32", func(a, b, c uint64) uint64 { return bits32(float32(valueF16(uint32(a & 0xffff)))) }},
		{"cvt.rn.f16.f32 %h8, %f1; cvt.f32.f16 %f9, %h8;", "f32", func(a, b, c uint64) uint64 {
			return bits32(float32(valueF16(nearestHalf(float64(f32(a)), valueF16))))
		}},
		{"cvt.rn.bf16.f32 %h7, %f1; cvt.rn.bf16.f32 %h8, %f2; fma.rn.bf16 %h9, %h7, %h8, %h8;", "u16", func(a, b, c uint64) uint64 {
			x, y := valueBF16(uint32(nearest(a, valueBF16))), valueBF16(uint32(nearest(b, valueBF16)))
			return uint64(nearestHalf(x*y+y, valueBF16))
		}},
	} {
		o.check(t, operands)
	}
	special := [][3]uint64{{0x7fc00001}, {0x7f800000}, {0xff800000}, {0}, {0x80000000}, {0x7f7fffff}}
	for i, want := range []uint64{0x7fff, 0x7f80, 0xff80, 0, 0x8000, 0x7f80} {
		got := evaluate(t, operation{"cvt.rn.bf16.f32 %h9, %f1;", "u16", nil}, special)[i]
		if got != want {
			t.Errorf("%#x becomes bf16 %#x, want %#x", special[i][0], got, want)
		}
	}
	for i, want := range []uint64{0x7fff, 0x7c00, 0xfc00, 0, 0x8000, 0x7c00} {
		got := evaluate(t, operation{"cvt.rn.f16.f32 %h9, %f1;", "u16", nil}, special)[i]
		if got != want {
			t.Errorf("%#x becomes f16 %#x, want %#x", special[i][0], got, want)
		}
	}
}

// The layout of fragments, as the PTX ISA says in "Matrix Fragments for mma.m16n8k16 with floating point type": with groupID =
// lane >> 2 and threadID = lane mod 4, element i of a lane's fragment, of which there are two in a register, the lower first, is at
// these rows and columns.

func rowA(lane, i int) int {
	if 0 <= i && i < 2 || 4 <= i && i < 6 {
		return lane >> 2
	}
	return lane>>2 + 8
}

func columnA(lane, i int) int {
	if i < 4 {
		return lane%4*2 + i&1
	}
	return lane%4*2 + i&1 + 8
}

func rowB(lane, i int) int {
	if i < 2 {
		return lane%4*2 + i&1
	}
	return lane%4*2 + i&1 + 8
}

func columnB(lane, _ int) int { return lane >> 2 }

func rowC(lane, i int) int {
	if i < 2 {
		return lane >> 2
	}
	return lane>>2 + 8
}

func columnC(lane, i int) int { return lane%4*2 + i&1 }

const multiplication = `
	mad.wide.u32 %d1, %t, 64, %a;
	ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%d1];
	ld.global.v2.b32 {%r5, %r6}, [%d1+16];
	ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d1+32];
	mma.sync.aligned.m16n8k16.row.col.f32.TYPE.TYPE.f32 {%f1, %f2, %f3, %f4}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4};
	st.global.v4.f32 [%d1+32], {%f1, %f2, %f3, %f4};`

func TestMMA(t *testing.T) {
	testMMA(t, "bf16", valueBF16)
	testMMA(t, "f16", valueF16)
}

func testMMA(t *testing.T, typ string, value func(v uint32) float64) {
	var a, b, c [16][16]float64
	r := rand.New(rand.NewPCG(9, 10))
	p := program{threads: 32, buffer: make(buffer, 32*64), body: strings.ReplaceAll(multiplication, "TYPE", typ)}
	half := func(at int) float64 {
		v := nearestHalf(float64(r.IntN(200)-100)/64, value)
		binary.LittleEndian.PutUint16(p.buffer[at:], uint16(v))
		return value(v)
	}
	for lane := range 32 {
		for i := range 8 {
			a[rowA(lane, i)][columnA(lane, i)] = half(64*lane + 2*i)
		}
		for i := range 4 {
			b[rowB(lane, i)][columnB(lane, i)] = half(64*lane + 16 + 2*i)
		}
		for i := range 4 {
			x := float32(r.NormFloat64())
			c[rowC(lane, i)][columnC(lane, i)] = float64(x)
			binary.LittleEndian.PutUint32(p.buffer[64*lane+32+4*i:], math.Float32bits(x))
		}
	}
	p.passes(t)
	for lane := range 32 {
		for i := range 4 {
			row, column := rowC(lane, i), columnC(lane, i)
			want := c[row][column]
			for k := range 16 {
				want += a[row][k] * b[k][column]
			}
			got := float64(p.buffer.floats()[16*lane+8+i])
			if math.Abs(got-want) > 0x1p-23*math.Abs(want) {
				t.Fatalf("%s: c[%d][%d] is %g, want %g", typ, row, column, got, want)
			}
		}
	}
}

// TestLdmatrix holds ldmatrix against the PTX ISA: threads 8·i to 8·i + 7 give the rows of matrix i; thread 4·r + c/2 receives
// elements c and c + 1, c even, of row r, or with .trans of column r.
func TestLdmatrix(t *testing.T) {
	for _, trans := range []bool{false, true} {
		for _, count := range []int{1, 2, 4} {
			t.Run(fmt.Sprint(count, trans), func(t *testing.T) {
				dot, registers := "", []string{"{%r4}", "{%r4, %r5}", "", "{%r4, %r5, %r6, %r7}"}[count-1]
				if trans {
					dot = ".trans"
				}
				// Row r of matrix i is where a permutation of the 32 rows puts it; element c of it is 100·i + 10·r + c.
				p := program{threads: 32, shared: 512, buffer: make(buffer, 32*32), body: fmt.Sprintf(`
	mad.wide.u32 %%d1, %%t, 32, %%a;
	ld.global.v4.b32 {%%r4, %%r5, %%r6, %%r7}, [%%d1];
	mul.lo.u32 %%r2, %%t, 13;
	and.b32 %%r2, %%r2, 31;
	mov.u32 %%r1, dyn;
	mad.lo.u32 %%r1, %%r2, 16, %%r1;
	st.shared.v4.b32 [%%r1], {%%r4, %%r5, %%r6, %%r7};
	bar.warp.sync 0xffffffff;
	ldmatrix.sync.aligned.m8n8.x%d%s.shared.b16 %s, [%%r1];
	st.global.v4.b32 [%%d1+16], {%%r4, %%r5, %%r6, %%r7};`, count, dot, registers)}
				for row := range 32 {
					for c := range 8 {
						binary.LittleEndian.PutUint16(p.buffer[32*row+2*c:], uint16(100*(row/8)+10*(row%8)+c))
					}
				}
				p.passes(t)
				for i := range count {
					for r := range 8 {
						for c := range 8 {
							at := 32*(4*r+c/2) + 16 + 4*i + 2*(c%2)
							want := 100*i + 10*r + c
							if trans {
								want = 100*i + 10*c + r
							}
							if got := binary.LittleEndian.Uint16(p.buffer[at:]); int(got) != want {
								t.Fatalf("matrix %d, row %d, column %d: got %d, want %d", i, r, c, got, want)
							}
						}
					}
				}
			})
		}
	}
}

// Lanes without an address of their own may give any.
func TestLdmatrixLooksAtItsLanes(t *testing.T) {
	program{threads: 32, shared: 256, body: `
	mov.u32 %r1, dyn;
	mad.lo.u32 %r1, %t, 16, %r1;
	setp.lt.u32 %p1, %t, 16;
	@%p1 st.shared.v4.b32 [%r1], {%t, %t, %t, %t};
	bar.warp.sync 0xffffffff;
	ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r4, %r5}, [%r1];`}.passes(t)
}
