package faceclip

import (
	"fmt"
	"math"

	"github.com/faceclip-go/faceclip-go/backend"
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

// stage takes x, a compact tensor of the device.
func (t *trace) stage(s *backend.Stream, x tensor.Tensor, format string, args ...any) {
	if t == nil || s.Stopped() {
		return
	}
	v := s.Floats(x)
	if !s.Stopped() { // else v is undefined
		t.host(tensor.FromFloat32s(v, x.Shape()...), format, args...)
	}
}

// images takes x [B, H, W, C] of the device and shows it as [B, C, H, W].
func (t *trace) images(s *backend.Stream, x tensor.Tensor, format string, args ...any) {
	if t == nil || s.Stopped() {
		return
	}
	v := s.Floats(x)
	if s.Stopped() {
		return
	}
	b, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	if t.observe != nil {
		var channelsFirst []float32
		for i := range b {
			channelsFirst = append(channelsFirst, planes(v[i*h*w*c:(i+1)*h*w*c], c)...)
		}
		v = channelsFirst
	}
	t.host(tensor.FromFloat32s(v, b, c, h, w), format, args...)
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
