package cuda

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// opened returns a backend on a fake device, and the device. Its memory is what is left for arenas and copies.
func opened(t testing.TB, o fake.Options) (*Backend, *fake.Device) {
	t.Helper()
	o.Devices = 1
	limit := int64(0)
	if o.Memory > 0 {
		o.Memory += usualSpace + unit
		limit = o.Memory
	}
	d := fake.New(o)
	b, err := open(d, 0, limit, some(t, "elementwise", "gather"))
	must(t, err)
	t.Cleanup(func() { b.Close() })
	return b.(*Backend), d.Device(0)
}

// some returns the kernels of some families, which take less time to load than all.
func some(t testing.TB, families ...string) fs.FS {
	files := fstest.MapFS{}
	for _, name := range families {
		text, err := kernels.PTX.ReadFile(name + ".ptx")
		must(t, err)
		files[name+".ptx"] = &fstest.MapFile{Data: text}
	}
	return files
}

// onBoth runs f on devices that copy as late as they may, and as early.
func onBoth(t *testing.T, memory int64, f func(t *testing.T, b *Backend, d *fake.Device)) {
	for name, early := range map[string]bool{"late": false, "early": true} {
		t.Run(name, func(t *testing.T) {
			b, d := opened(t, fake.Options{Memory: memory, Early: early})
			f(t, b, d)
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// counting returns a host tensor of numbers from first on, each of which BF16 has, if there are no more than 256.
func counting(first int, dims ...int) Tensor {
	v := make([]float32, tensor.Make(nil, 0, tensor.F32, dims...).Len())
	for i := range v {
		v[i] = float32((first + i) % 256)
	}
	return tensor.FromFloat32s(v, dims...)
}

// stream returns a stream on b.
func stream(t testing.TB, b backend.Backend, act tensor.DType, arena int) *backend.Stream {
	t.Helper()
	s, err := backend.NewStream(b, backend.Types{Act: act}, arena)
	must(t, err)
	t.Cleanup(s.Close)
	return s
}

// upload copies what fill writes to dst, as a Stream does.
func upload(b backend.Backend, dst Tensor, fill func(bytes []byte)) {
	staged := b.Stage(dst)
	fill(tensor.Bytes(staged))
	b.Upload(dst, staged)
}
