package fuse

import (
	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/nn"
)

// A biAttention lets patches attend to text and text to patches through one matrix of scores, used both ways.
// The reference shifts the scores by their maximum and clamps them to ±50000, which changes no softmax within that range.
type biAttention struct {
	attention      nn.Attention
	normV, normL   nn.LayerNorm
	v, l           nn.Linear
	valueV, valueL nn.Linear
	outV, outL     nn.Linear
	gammaV, gammaL Tensor
}

// newBiAttention makes a layer for text and patches of the given width that attends in dim features.
func newBiAttention(p nn.Params, width, dim, heads int) biAttention {
	return biAttention{
		attention: p.Attention(heads),
		normV:     p.LayerNorm("layer_norm_v", width, eps),
		normL:     p.LayerNorm("layer_norm_l", width, eps),
		v:         p.Linear("attn.v_proj", width, dim),
		l:         p.Linear("attn.l_proj", width, dim),
		valueV:    p.Linear("attn.values_v_proj", width, dim),
		valueL:    p.Linear("attn.values_l_proj", width, dim),
		outV:      p.Linear("attn.out_v_proj", dim, width),
		outL:      p.Linear("attn.out_l_proj", dim, width),
		gammaV:    p.Vector("gamma_v", width),
		gammaL:    p.Vector("gamma_l", width),
	}
}

// forward updates patches v [B, L, D] and text l [B, T, D] in place. The residual adds to the normalised inputs.
func (b *biAttention) forward(s *backend.Stream, v, l Tensor) {
	defer s.Release(s.Mark())
	b.normV.InPlace(s, v)
	b.normL.InPlace(s, l)
	q, k := b.v.Forward(s, v), b.l.Forward(s, l)
	toV := b.attention.Into(s, Tensor{}, q, k, b.valueL.Forward(s, l))
	toL := b.attention.Into(s, Tensor{}, k, q, b.valueV.Forward(s, v))
	b.outV.AddTo(s, v, toV, b.gammaV)
	b.outL.AddTo(s, l, toL, b.gammaL)
}
