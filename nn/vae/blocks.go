package vae

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A resnet is two convolutions beside a shortcut.
type resnet struct {
	conv1, conv2 nn.Conv2D
	shortcut     *nn.Linear // 1×1, where the channels change
}

func newResnet(p nn.Params, in, out, groups int) resnet {
	r := resnet{
		conv1: p.Conv2D("conv1", in, out, 3, 1).After(p.GroupNorm("norm1", in, groups, eps, backend.SiLU)),
		conv2: p.Conv2D("conv2", out, out, 3, 1).After(p.GroupNorm("norm2", out, groups, eps, backend.SiLU)),
	}
	if in != out {
		l := p.Linear("conv_shortcut", in, out)
		r.shortcut = &l
	}
	return r
}

// forward updates x [B, H, W, C] in place, or returns a new image where the channels change.
func (r *resnet) forward(s *backend.Stream, x Tensor) Tensor {
	y := x
	if r.shortcut != nil {
		y = r.shortcut.Forward(s, x)
	}
	defer s.Release(s.Mark())
	r.conv2.AddTo(s, y, r.conv1.Forward(s, x))
	return y
}

// An attention has one head as wide as the image has channels.
type attention struct {
	norm         nn.GroupNorm
	q, k, v, out nn.Linear
	head         nn.Attention
}

func newAttention(p nn.Params, c, groups int) attention {
	q, k, v, out := "to_q", "to_k", "to_v", "to_out.0"
	if p.Has("query.weight") { // older files
		q, k, v, out = "query", "key", "value", "proj_attn"
	}
	return attention{
		norm: p.GroupNorm("group_norm", c, groups, eps, backend.None),
		q:    p.Linear(q, c, c),
		k:    p.Linear(k, c, c),
		v:    p.Linear(v, c, c),
		out:  p.Linear(out, c, c),
		head: p.Attention(1),
	}
}

// forward updates x [B, H, W, C] in place.
func (a *attention) forward(s *backend.Stream, x Tensor) {
	defer s.Release(s.Mark())
	x = x.Reshape(x.Dim(0), -1, x.Dim(3)) // pixels are tokens
	h := a.norm.Forward(s, x)
	h = a.head.Into(s, Tensor{}, a.q.Forward(s, h), a.k.Forward(s, h), a.v.Forward(s, h))
	a.out.AddTo(s, x, h, Tensor{})
}
