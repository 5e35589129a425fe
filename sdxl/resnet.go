package sdxl

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A resnet is two convolutions, the time between them, beside a shortcut.
type resnet struct {
	conv1, conv2 nn.Conv2D
	time         nn.Linear
	shortcut     *nn.Linear // 1×1, where the channels change
}

func newResnet(p nn.Params, in, out int, c Config) resnet {
	r := resnet{
		conv1: p.Conv2D("conv1", in, out, 3, 1).After(p.GroupNorm("norm1", in, c.Groups, c.Eps, backend.SiLU)),
		time:  p.Exact().Linear("time_emb_proj", 4*c.Channels[0], out),
		conv2: p.Conv2D("conv2", out, out, 3, 1).After(p.GroupNorm("norm2", out, c.Groups, c.Eps, backend.SiLU)),
	}
	if in != out {
		l := p.Linear("conv_shortcut", in, out)
		r.shortcut = &l
	}
	return r
}

// forward returns the resnet's result for x [B, H, W, C], joined with skip where there is one. e [B, E] is the
// activated embedding of the time.
func (r *resnet) forward(s *backend.Stream, x, skip, e Tensor) Tensor {
	y := s.New(x.Dim(0), x.Dim(1), x.Dim(2), r.conv2.W.Outputs())
	defer s.Release(s.Mark())
	if !skip.IsZero() {
		x = concat(s, x, skip)
	}
	if r.shortcut != nil {
		r.shortcut.Into(s, y, x)
	} else {
		s.Copy(y, x)
	}
	t := r.time.Forward(s, e)
	s.Add(t, t, r.conv1.Bias()) // the time is a bias of conv1
	h := r.conv1.WithBias(t).Forward(s, x)
	r.conv2.AddTo(s, y, h)
	return y
}

// concat joins a and b [B, H, W, …] along the channels.
func concat(s *backend.Stream, a, b Tensor) Tensor {
	n := a.Dim(3)
	y := s.New(a.Dim(0), a.Dim(1), a.Dim(2), n+b.Dim(3))
	s.Copy(y.Slice(3, 0, n), a)
	s.Copy(y.Slice(3, n, y.Dim(3)), b)
	return y
}
