package faceclip

import (
	"fmt"
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// A trace checks that every named intermediate is finite and shows it to the request's Observe. The nil trace does nothing.
type trace struct {
	observe func(stage string, t tensor.Tensor)
	prefix  string
	err     error // the first stage that was not finite
}

func newTrace(r *Request) *trace { return &trace{observe: r.Observe} }

// under returns t for stages whose names start with prefix.
func (t *trace) under(prefix string) *trace {
	if t != nil {
		t.prefix = prefix
	}
	return t
}

// stage takes x, a compact tensor of the device. An image [B, H, W, C] is shown as [B, C, H, W].
func (t *trace) stage(s *backend.Stream, x tensor.Tensor, format string, args ...any) {
	if t == nil || s.Stopped() {
		return
	}
	v, shape := s.Floats(x), x.Shape()
	if s.Stopped() { // then v is undefined
		return
	}
	if x.Rank() == 4 {
		b, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
		if t.observe != nil {
			v = channelsFirst(v, b, h*w, c)
		}
		shape = []int{b, c, h, w}
	}
	t.host(tensor.FromFloat32s(v, shape...), format, args...)
}

// channelsFirst returns images [B, pixels, C] as [B, C, pixels].
func channelsFirst(v []float32, batch, pixels, channels int) []float32 {
	var out []float32
	for i := range batch {
		out = append(out, planes(v[i*pixels*channels:][:pixels*channels], channels)...)
	}
	return out
}

// schedule takes the steps of a run.
func (t *trace) schedule(s sampler.Schedule) {
	t.host(tensor.FromFloat32s(s.Timesteps, len(s.Timesteps)), "timesteps")
	t.host(tensor.FromFloat32s(s.Sigmas, len(s.Sigmas)), "sigmas")
}

// host takes x of the host.
func (t *trace) host(x tensor.Tensor, format string, args ...any) {
	if t == nil {
		return
	}
	name := t.prefix + fmt.Sprintf(format, args...)
	if x.DType() == tensor.F32 && t.err == nil && !finite(tensor.Float32s(x)) {
		t.err = fmt.Errorf("faceclip: stage %s is not finite: NaN or infinity", name)
	}
	if t.observe != nil {
		t.observe(name, x)
	}
}

func finite(v []float32) bool {
	const exponent = 0x7f800000
	for _, f := range v {
		if math.Float32bits(f)&exponent == exponent {
			return false
		}
	}
	return true
}
