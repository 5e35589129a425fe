// Package vae turns latents into images: the decoder of the KL autoencoders of Stable Diffusion XL and FLUX.
package vae

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Tensor is short for [tensor.Tensor].
type Tensor = tensor.Tensor

const eps = 1e-6

// A Decoder turns latents into images.
type Decoder struct {
	postQuant *nn.Linear // 1×1
	in, out   nn.Conv2D
	mid1      resnet
	attention attention
	mid2      resnet
	levels    []level // from the smallest image to the largest
}

// A level is a run of resnets at one size. All but the last double the size.
type level struct {
	resnets []resnet
	upscale *nn.Conv2D
}

// NewDecoder makes the decoder half of an autoencoder; the encoder half of the checkpoint is ignored.
func NewDecoder(p nn.Params, c Config) *Decoder {
	d := &Decoder{}
	if c.PostQuant == nil || *c.PostQuant {
		conv := p.Exact().Linear("post_quant_conv", c.LatentChannels, c.LatentChannels)
		d.postQuant = &conv
	}
	p.Ignore("encoder.")
	p.Ignore("quant_conv.")
	p = p.At("decoder")
	n := len(c.Channels)
	ch := c.Channels[n-1]
	d.in = p.Exact().Conv2D("conv_in", c.LatentChannels, ch, 3, 1)
	d.mid1 = newResnet(p.At("mid_block.resnets.0"), ch, ch, c.Groups)
	d.attention = newAttention(p.At("mid_block.attentions.0"), ch, c.Groups)
	d.mid2 = newResnet(p.At("mid_block.resnets.1"), ch, ch, c.Groups)
	for i := range n {
		width, p := c.Channels[n-1-i], p.At("up_blocks.%d", i)
		var l level
		for j := range c.Layers + 1 {
			l.resnets = append(l.resnets, newResnet(p.At("resnets.%d", j), ch, width, c.Groups))
			ch = width
		}
		if i < n-1 {
			conv := p.Conv2D("upsamplers.0.conv", ch, ch, 3, 1)
			l.upscale = &conv
		}
		d.levels = append(d.levels, l)
	}
	d.out = p.Exact().Conv2D("conv_out", ch, c.OutChannels, 3, 1).
		After(p.GroupNorm("conv_norm_out", ch, c.Groups, eps, backend.SiLU))
	return d
}

// Into decodes latents z [B, H, W, C], scaled back and shifted, to images y [B, f·H, f·W, 3] with values around [-1, 1],
// f being the Factor of the configuration.
func (d *Decoder) Into(s *backend.Stream, y, z Tensor) {
	defer s.Release(s.Mark())
	last := len(d.levels) - 1
	d.out.Into(s, y, d.levels[last].forward(s, d.input(s, z, last)))
}

// input returns what enters level n. It stands alone on the arena: what made it, the levels before, is released.
// At the largest sizes that is what the memory of the decoder depends on.
func (d *Decoder) input(s *backend.Stream, z Tensor, n int) Tensor {
	if n == 0 {
		return d.middle(s, z)
	}
	conv, scale := d.levels[n-1].upscale, 1<<n
	rows, cols := scale*z.Dim(1), scale*z.Dim(2)
	y := s.New(z.Dim(0), rows, cols, conv.W.Outputs())
	defer s.Release(s.Mark())
	x := d.levels[n-1].forward(s, d.input(s, z, n-1))
	return conv.Enlarging(rows, cols).Into(s, y, x)
}

// middle returns the features [B, H, W, C] of the latents.
func (d *Decoder) middle(s *backend.Stream, z Tensor) Tensor {
	x := s.New(z.Dim(0), z.Dim(1), z.Dim(2), d.in.W.Outputs())
	defer s.Release(s.Mark())
	if d.postQuant != nil {
		z = d.postQuant.Forward(s, z)
	}
	d.in.Into(s, x, z)
	x = d.mid1.forward(s, x)
	d.attention.forward(s, x)
	return d.mid2.forward(s, x)
}

func (l *level) forward(s *backend.Stream, x Tensor) Tensor {
	for i := range l.resnets {
		x = l.resnets[i].forward(s, x)
	}
	return x
}
