// Package sdxl is the U-Net of Stable Diffusion XL.
package sdxl

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

// A UNet predicts the noise in a latent image.
type UNet struct {
	time, added nn.Embedder
	guidance    nn.Linear // of the scale of guidance, if it is told
	in, out     nn.Conv2D
	down, up    []level
	mid         [2]stage
}

// A level is a run of stages at one size of the image, then a change of size.
type level struct {
	stages []stage
	resize *nn.Conv2D
}

// A stage is a resnet and, at some levels, a transformer.
type stage struct {
	number      int // of its block of weights
	resnet      resnet
	transformer *transformer
}

// maxSkips is more tensors than a known U-Net takes from its way down to its way up. Those of others are on the heap.
const maxSkips = 16

// New makes a U-Net.
func New(p nn.Params, c Config) *UNet {
	p = p.AllowInt8().Integers()
	first, n := c.Channels[0], len(c.Channels)
	embed := 4 * first
	u := &UNet{
		time:  p.Embedder("time_embedding", first, embed),
		added: p.Embedder("add_embedding", c.AddedWidth, embed),
		in:    p.Exact().Conv2D("conv_in", c.InChannels, first, 3, 1),
		out: p.Exact().Conv2D("conv_out", first, c.OutChannels, 3, 1).
			After(p.GroupNorm("conv_norm_out", first, c.Groups, c.Eps, backend.SiLU)),
	}
	if c.GuidanceWidth > 0 {
		u.guidance = p.Exact().LinearNoBias("time_embedding.cond_proj", c.GuidanceWidth, first)
	}
	ch, skips := first, []int{first}
	for i, width := range c.Channels {
		p := p.At("down_blocks.%d", i)
		var l level
		for j := range c.Layers {
			l.stages = append(l.stages, newStage(p, j, ch, width, c, i, hasText(c.DownTypes[i])))
			ch = width
			skips = append(skips, ch)
		}
		if i < n-1 {
			l.resize = resize(p, "downsamplers.0.conv", ch, 2)
			skips = append(skips, ch)
		}
		u.down = append(u.down, l)
	}
	mid := p.At("mid_block")
	u.mid = [2]stage{newStage(mid, 0, ch, ch, c, n-1, true), newStage(mid, 1, ch, ch, c, n-1, false)}
	for i := range n {
		width, p := c.Channels[n-1-i], p.At("up_blocks.%d", i)
		var l level
		for j := range c.Layers + 1 {
			last := len(skips) - 1
			l.stages = append(l.stages, newStage(p, j, ch+skips[last], width, c, n-1-i, hasText(c.UpTypes[i])))
			ch, skips = width, skips[:last]
		}
		if i < n-1 {
			l.resize = resize(p, "upsamplers.0.conv", ch, 1)
		}
		u.up = append(u.up, l)
	}
	return u
}

func resize(p nn.Params, name string, ch, stride int) *nn.Conv2D {
	conv := p.Conv2D(name, ch, ch, 3, stride)
	return &conv
}

func newStage(p nn.Params, j, in, out int, c Config, level int, text bool) stage {
	p, number := p.Block()
	st := stage{number: number, resnet: newResnet(p.At("resnets.%d", j), in, out, c)}
	if text {
		st.transformer = newTransformer(p.At("attentions.%d", j), out, c.Heads.at(level), c.Depth.at(level), c)
	}
	return st
}

// Tell adds the sinusoids [B, width] of a scale of guidance to those of the time [B, channels].
func (u *UNet) Tell(s *backend.Stream, time, guidance Tensor) {
	u.guidance.AddTo(s, time, guidance, Tensor{})
}

// Forward returns the noise in x [B, H, W, 4], given the sinusoids of the time [B, channels], the added conditions
// [B, pooled + 6·size] and the text [B, T, D].
func (u *UNet) Forward(s *backend.Stream, x, time, added, text Tensor) Tensor {
	y := s.Like(x)
	defer s.Release(s.Mark())

	e := u.time.Forward(s, time)
	u.added.AddTo(s, e, added)
	s.Act(e, e, backend.SiLU) // every resnet begins with this

	x = u.in.Forward(s, x)
	var room [maxSkips]Tensor
	skips := append(room[:0], x)
	for i := range u.down {
		for j := range u.down[i].stages {
			x = u.down[i].stages[j].forward(s, x, Tensor{}, e, text)
			skips = append(skips, x)
		}
		if conv := u.down[i].resize; conv != nil {
			x = conv.Forward(s, x)
			skips = append(skips, x)
		}
	}
	for i := range u.mid {
		x = u.mid[i].forward(s, x, Tensor{}, e, text)
	}
	for i := range u.up {
		for j := range u.up[i].stages {
			last := len(skips) - 1
			x = u.up[i].stages[j].forward(s, x, skips[last], e, text)
			skips = skips[:last]
		}
		if conv := u.up[i].resize; conv != nil {
			next := skips[len(skips)-1] // an odd size was rounded up on the way down
			x = conv.Enlarging(next.Dim(1), next.Dim(2)).Forward(s, x)
		}
	}
	return u.out.Into(s, y, x)
}

func (st *stage) forward(s *backend.Stream, x, skip, e, text Tensor) Tensor {
	s.Block(st.number)
	y := st.resnet.forward(s, x, skip, e)
	if st.transformer != nil {
		st.transformer.forward(s, y, text)
	}
	return y
}
