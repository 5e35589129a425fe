package ptx

import (
	"encoding/binary"
	"math"
	"slices"
)

// mma decodes the product of a 16×16 and a 16×8 matrix of f16 or bf16, added to one of f32.
//
// The order in which hardware adds the sixteen products and c is not specified. Here they are added in float64, where each is
// exact and the sum nearly so, and rounded once.
func (d *decoder) mma(s *statement) {
	d.operands(s, 4)
	want := []string{"sync", "aligned", "m16n8k16", "row", "col", "f32"}
	typ := s.one("bf16", "f16")
	if typ == "" || !slices.Equal(s.mods, slices.Concat(want, []string{typ, "f32"})) {
		d.fail(s.line, "no such product of matrices")
	}
	s.mods = nil
	to, a, b, c := d.fragment(s, 0, 4), d.fragment(s, 1, 4), d.fragment(s, 2, 2), d.fragment(s, 3, 4)
	values := bfloats
	if typ == "f16" {
		values = halves
	}
	s.kind = acts
	s.run = func(w *warp) {
		w.aligned()
		var m product
		m.load(w, a, b, values)
		m.multiply()
		m.addTo(w, to, c)
	}
}

// fragment returns the registers of an operand, which are n of 32 bits. The first operand is written, others are read.
func (d *decoder) fragment(s *statement, i, n int) []int {
	if s.args[i].kind != vector || len(s.args[i].list) != n {
		d.fail(s.line, "operand %d is not %d registers", i, n)
	}
	var rs []int
	for _, o := range s.args[i].list {
		if i == 0 {
			rs = append(rs, d.destOf(s, o, 32, false).index)
		} else {
			rs = append(rs, d.sourceOf(s, o, 32, false).index)
		}
	}
	return rs
}

// A product is one of matrices under way.
type product struct {
	a   [16][16]float64
	b   [16][8]float64
	sum [16][8]float64
}

// load takes a and b from the registers that hold them. With lane = 4·g + t, register i of a holds row g + 8·(i mod 2), columns
// 2·t + 8·(i/2) and the next; register i of b holds rows 2·t + 8·i and the next, column g. The lower half comes first.
func (m *product) load(w *warp, a, b []int, values func(v uint32) (low, high float64)) {
	for i, r := range a {
		for l, v := range &w.r[r] {
			row, column := l/4+i%2*8, l%4*2+i/2*8
			m.a[row][column], m.a[row][column+1] = values(v)
		}
	}
	for i, r := range b {
		for l, v := range &w.r[r] {
			row, column := l%4*2+i*8, l/4
			m.b[row][column], m.b[row+1][column] = values(v)
		}
	}
}

func (m *product) multiply() {
	for i := range m.a {
		row, sum := &m.a[i], &m.sum[i]
		var s0, s1, s2, s3, s4, s5, s6, s7 float64
		for k := range row {
			x, b := row[k], &m.b[k]
			s0 += x * b[0]
			s1 += x * b[1]
			s2 += x * b[2]
			s3 += x * b[3]
			s4 += x * b[4]
			s5 += x * b[5]
			s6 += x * b[6]
			s7 += x * b[7]
		}
		*sum = [8]float64{s0, s1, s2, s3, s4, s5, s6, s7}
	}
}

// addTo adds c. Register i of c and of the result holds row g + 8·(i/2), column 2·t + i mod 2.
func (m *product) addTo(w *warp, to, c []int) {
	for i, r := range to {
		to, c := &w.r[r], &w.r[c[i]]
		for l := range to {
			sum := m.sum[l/4+i/2*8][l%4*2+i%2]
			to[l] = math.Float32bits(float32(sum + float64(math.Float32frombits(c[l]))))
		}
	}
}

func bfloats(v uint32) (low, high float64) {
	return float64(math.Float32frombits(v << 16)), float64(math.Float32frombits(v & 0xffff0000))
}

func halves(v uint32) (low, high float64) { return float16.value(v & 0xffff), float16.value(v >> 16) }

// ldmatrix decodes the load of one, two or four matrices of 8×8 numbers of 16 bits from shared memory. Lane 8·i + j gives the
// address of row j of matrix i; register i of lane 4·g + t then holds columns 2·t and 2·t + 1 of row g, or of what the matrix
// transposed has there.
func (d *decoder) ldmatrix(s *statement) {
	d.operands(s, 2)
	d.typed(s)
	count := map[string]int{"x1": 1, "x2": 2, "x4": 4}[s.one("x1", "x2", "x4")]
	trans := s.has("trans")
	if !slices.Equal(s.mods, []string{"sync", "aligned", "m8n8", "shared"}) || count == 0 {
		d.fail(s.line, "no such load of matrices")
	}
	a := d.accessOf(s, s.args[1])
	s.mods = nil
	a.size = 16
	to := d.fragment(s, 0, count)
	s.kind = acts
	s.run = func(w *warp) {
		w.aligned()
		w.mask = uint32(1<<(8*count) - 1)
		bytes := w.reach(a)
		w.mask = allLanes
		for i, r := range to {
			rows := w.where[8*i : 8*i+8]
			for l := range 32 {
				g, t := l/4, uint64(l%4)
				if trans {
					low := binary.LittleEndian.Uint16(bytes[rows[2*t]+2*uint64(g):])
					high := binary.LittleEndian.Uint16(bytes[rows[2*t+1]+2*uint64(g):])
					w.r[r][l] = uint32(low) | uint32(high)<<16
				} else {
					w.r[r][l] = binary.LittleEndian.Uint32(bytes[rows[g]+4*t:])
				}
			}
		}
	}
}
