package cuda

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// downloaded returns n numbers of type dt on the device.
func downloaded(t *testing.T, b *Backend, at driver.Ptr, dt tensor.DType, n int) []float32 {
	t.Helper()
	raw := tensor.Make(tensor.HostMemory(make([]byte, n*dt.Size())), 0, dt, n)
	b.Download(tensor.Bytes(raw), tensor.Make(&tensor.Memory{Ptr: uintptr(at), Size: n * dt.Size()}, 0, dt, n))
	must(t, b.Sync())
	return numbers(raw)
}

// numbers returns the elements of a compact host tensor.
func numbers(x Tensor) []float32 {
	switch x.DType() {
	case tensor.F32:
		return tensor.Float32s(x)
	case tensor.I8:
		v := make([]float32, x.Len())
		for i, c := range tensor.Bytes(x) {
			v[i] = float32(int8(c))
		}
		return v
	}
	v := make([]float32, x.Len())
	for i, u := range tensor.Uint16s(x) {
		v[i] = tensor.FromBF16(u)
		if x.DType() == tensor.F16 {
			v[i] = tensor.FromF16(u)
		}
	}
	return v
}

// stored returns the numbers of a host tensor as another type stores them.
func stored(x Tensor, dt tensor.DType) Tensor {
	if dt == tensor.F32 {
		return x
	}
	y := tensor.Make(tensor.HostMemory(make([]byte, x.Len()*dt.Size())), 0, dt, x.Shape()...)
	for i, f := range tensor.Float32s(x) {
		switch dt {
		case tensor.BF16:
			tensor.Uint16s(y)[i] = tensor.ToBF16(f)
		case tensor.F16:
			tensor.Uint16s(y)[i] = tensor.ToF16(f)
		case tensor.I8:
			tensor.Bytes(y)[i] = byte(int8(f))
		}
	}
	return y
}

// TestCopies checks what arrives on the device, of every type, converted and as it is.
func TestCopies(t *testing.T) {
	same := func(f float32) float32 { return f }
	onBoth(t, 0, func(t *testing.T, b *Backend, _ *fake.Device) {
		for _, c := range []struct {
			from, to tensor.DType
			want     func(f float32) float32
		}{
			{tensor.F32, tensor.F32, same}, {tensor.F32, tensor.BF16, tensor.RoundBF16},
			{tensor.F16, tensor.F16, same}, {tensor.F16, tensor.BF16, tensor.RoundBF16}, {tensor.F16, tensor.F32, same},
			{tensor.BF16, tensor.BF16, same}, {tensor.BF16, tensor.F32, same}, {tensor.I8, tensor.I8, same},
		} {
			x := inexact(50, 7)
			if c.from == tensor.I8 {
				x = counting(-100, 50, 7)
			}
			w := stored(x, c.from)
			at := b.copyOf(w, c.to)
			if view := b.copyOf(w.Slice(0, 1, 3).Slice(1, 2, 5), c.to); view != at+driver.Ptr(9*c.to.Size()) {
				t.Errorf("%v as %v: a view is at %#x of %#x", c.from, c.to, view, at)
			}
			want := numbers(w)
			for i, got := range downloaded(t, b, at, c.to, w.Len()) {
				if math.Float32bits(got) != math.Float32bits(c.want(want[i])) {
					t.Fatalf("%v as %v: number %d is %v, want %v", c.from, c.to, i, got, c.want(want[i]))
				}
			}
		}
	})
}

// TestPieces checks what is more than the host's page-locked memory holds at once, to the device and back.
func TestPieces(t *testing.T) {
	const n = 3 * slots * slotBytes / 2
	want := make([]byte, n)
	for i := range want {
		want[i] = byte(i ^ i>>8 ^ i>>16)
	}
	onBoth(t, 0, func(t *testing.T, b *Backend, _ *fake.Device) {
		host := tensor.FromBytes(slices.Clone(want), n)
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{host}))
		m, err := b.Alloc(n)
		must(t, err)
		uploaded, got := tensor.Make(m, 0, tensor.U8, n), make([]byte, n)
		upload(b, uploaded, func(dst []byte) { copy(dst, want) })
		for name, x := range map[string]Tensor{"loaded": host, "uploaded": uploaded} {
			b.Download(got, x)
			must(t, b.Sync())
			if !bytes.Equal(got, want) {
				t.Errorf("%s: another content", name)
			}
		}
	})
}

// inexact returns numbers that BF16 has to round.
func inexact(dims ...int) Tensor {
	x := counting(0, dims...)
	for i, v := 0, tensor.Float32s(x); i < len(v); i++ {
		v[i] = tensor.FromF16(tensor.ToF16(float32(math.Sin(float64(i)))))
	}
	return x
}

// TestOneCopy checks that tensors are copied once, views within the whole, and again only after they were given back.
func TestOneCopy(t *testing.T) {
	onBoth(t, 0, func(t *testing.T, b *Backend, d *fake.Device) {
		m := tensor.HostMemory(make([]byte, 4096))
		w, other := tensor.Make(m, 0, tensor.F32, 8, 16), tensor.Make(m, 1024, tensor.F32, 16)
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{w, other, {}}))
		before := d.Use().InUse
		at := b.matrix(w, tensor.BF16)
		if row := b.matrix(w.Slice(0, 2, 3), tensor.BF16); row != at+2*16*2 || b.address(other) == 0 {
			t.Errorf("row 2 is at %#x of %#x", row, at)
		}
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{w, other}))
		if now := d.Use().InUse; now != before || b.CopyBytes(tensor.BF16, w) != 256 || b.CopyBytes(tensor.BF16, other) != 256 {
			t.Errorf("%d bytes in use, %d before", now, before)
		}
		b.Evict([]Tensor{w, other})
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{w, other}))
		if again := b.matrix(w, tensor.BF16); again != at || d.Use().InUse != before {
			t.Errorf("the memory of a copy that was evicted is not used again")
		}
	})
}

// TestGuess checks that a copy of a type that nobody asks for gives way to the one that kernels ask for, which is loaded from then on.
func TestGuess(t *testing.T) {
	onBoth(t, 0, func(t *testing.T, b *Backend, d *fake.Device) {
		w := counting(0, 64, 64)
		empty := d.Use().InUse
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{w}))
		if got := d.Use().InUse - empty; got != 2*64*64 {
			t.Errorf("a guess takes %d bytes", got)
		}
		at := b.matrix(w.Slice(0, 1, 3), tensor.F32)
		if got := downloaded(t, b, at, tensor.F32, 2); got[0] != 64 || got[1] != 65 {
			t.Errorf("got %v", got)
		}
		if _, h := b.look(w, tensor.BF16); h != nil {
			t.Error("the guess is still there")
		}
		b.Evict([]Tensor{w})
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{w}))
		if b.matrix(w.Slice(0, 1, 3), tensor.F32) != at || b.CopyBytes(tensor.BF16, w) != 4*64*64 {
			t.Error("it is not loaded as it was used")
		}
	})
}

// TestGone checks that copies of memory that is dropped, or that nothing refers to, make room.
func TestGone(t *testing.T) {
	onBoth(t, 1<<20, func(t *testing.T, b *Backend, d *fake.Device) {
		empty := d.Use().InUse
		for range 8 { // of which memory holds 3
			m, err := b.AllocHost(1 << 18)
			must(t, err)
			b.address(tensor.Make(m, 0, tensor.F32, 1<<16))
			b.Free(m)
			must(t, b.Sync())
		}
		must(t, b.Load(t.Context(), tensor.BF16, []Tensor{counting(0, 4)})) // which looks for what is gone
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := len(b.copies.extents); n != 1 {
			t.Errorf("copies of %d memories", n)
		}
		if b.memory.used != d.Use().InUse || d.Use().InUse > empty+3<<18 {
			t.Errorf("%d bytes used, the device says %d", b.memory.used, d.Use().InUse)
		}
	})
}
