package cuda

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestWalk(t *testing.T) {
	s := newStub()
	b := s.opened(t)
	m, err := b.Alloc(1000)
	if err != nil {
		t.Fatal(err)
	}
	x := tensor.Make(m, 0, tensor.F32, 250)
	b.Upload(x, func(dst []byte) { dst[7] = 9 })
	got := make([]byte, 1000)
	b.Download(got, x)
	if got[7] != 9 {
		t.Error("upload")
	}
	w := tensor.FromFloat32s([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	at := b.matrix(w.Slice(1, 1, 3), tensor.BF16)
	if v := s.at(at, 10); v[0] != 0 || v[1] != 0x40 || v[6] != 0xa0 {
		t.Error(v)
	}
	if again := b.matrix(w.Slice(1, 2, 3), tensor.BF16); again != at+2 {
		t.Error("another copy", again, at)
	}
	if err := b.Load(t.Context(), []tensor.Tensor{w}); err != nil {
		t.Error(err)
	}
	b.Evict([]tensor.Tensor{w})
	var args struct{ a int64 }
	launch(b, "nothing", [3]int{1, 1, 1}, 32, 0, &args)
	if err := b.Sync(); err != nil || len(s.launched) != 1 {
		t.Error(err)
	}
	b.Free(m)
}
