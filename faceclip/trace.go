package faceclip

import (
	"fmt"
	"slices"

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

func newTrace(j *job) *trace { return &trace{observe: j.Observe} }

// shows reports whether anybody looks.
func (t *trace) shows() bool { return t != nil && t.observe != nil }

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
	name := fmt.Sprintf(format, args...)
	if !t.shows() {
		eachPiece(s, x, func(_ int, v []float32) { t.finite(v, name) })
		return
	}
	v, shape := s.Floats(x), x.Shape()
	if s.Stopped() { // then v is undefined
		return
	}
	if x.Rank() == 4 {
		b, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
		v, shape = channelsFirst(v, b, h*w, c), []int{b, c, h, w}
	}
	t.finite(v, name)
	t.show(tensor.FromFloat32s(v, shape...), name)
}

// finite notes that a stage is not finite.
func (t *trace) finite(v []float32, name string) {
	if t.err == nil && !tensor.Finite(v) {
		t.err = fmt.Errorf("faceclip: stage %s is not finite: NaN or infinity", t.prefix+name)
	}
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
	t.values(s.Timesteps, "timesteps", len(s.Timesteps))
	if tensor.Finite(s.Sigmas) { // the first level of betas that are rescaled can be infinite
		t.values(s.Sigmas, "sigmas", len(s.Sigmas))
	}
}

// values takes numbers that are used afterwards.
func (t *trace) values(v []float32, name string, dims ...int) {
	if t == nil {
		return
	}
	t.finite(v, name)
	if t.shows() {
		t.show(tensor.FromFloat32s(slices.Clone(v), dims...), name)
	}
}

// ids takes the tokens of a prompt.
func (t *trace) ids(v []int32, name string) {
	if t.shows() {
		t.show(tensor.FromInt32s(slices.Clone(v), 1, len(v)), name)
	}
}

// faces takes what the network sees of a person, each [3, size, size].
func (t *trace) faces(faces [][]float32, size int) {
	if t.shows() {
		t.show(tensor.FromFloat32s(slices.Concat(faces...), len(faces), 3, size, size), "face")
	}
}

// conditions takes what the denoiser is told, as one batch.
func (t *trace) conditions(all []embedding) {
	if t == nil {
		return
	}
	for _, e := range all {
		t.finite(tensor.Float32s(e.fused), "context")
		t.finite(tensor.Float32s(e.pooled), "pooled")
	}
	if !t.shows() {
		return
	}
	var fused, pooled []float32
	for _, e := range all {
		fused, pooled = append(fused, tensor.Float32s(e.fused)...), append(pooled, tensor.Float32s(e.pooled)...)
	}
	text := all[0].fused
	t.show(tensor.FromFloat32s(fused, len(all), text.Dim(1), text.Dim(2)), "context")
	t.show(tensor.FromFloat32s(pooled, len(all), all[0].pooled.Dim(1)), "pooled")
}

// show passes x to the observer, which it belongs to from now on.
func (t *trace) show(x tensor.Tensor, name string) { t.observe(t.prefix+name, x) }
