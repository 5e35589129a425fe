package randomweights

import (
	"math"
	"regexp"
)

// A rule is the distribution of the weights whose name has a pattern.
type rule struct {
	pattern *regexp.Regexp
	kind    kind
	factor  float64
}

type kind int

const (
	spread  kind = iota // around 0, with the factor as standard deviation
	layer               // around 0, with the factor by the root of the number of inputs
	uniform             // the factor times 0.5 to 1.5
)

// rules are tried in order. They keep activations near 1 at all sizes, and make what a test compares depend on every tensor,
// mask and epsilon: what stands before a norm is small somewhere, which the norm undoes but for its epsilon; what enters
// a softmax is large enough for weights that differ.
var rules = []rule{
	// Embeddings. Small, so that the first norm's epsilon shows; what makes positions of them is large.
	// What the first layer of attention adds is small, too: it is much the same for all tokens, and would drown them.
	{re(`embed_tokens`), spread, 0.003},
	{re(`t5_encoder\.block\.0\..*self_attention\.o\.weight`), layer, 0.003},
	{re(`token_embedding|position_embedding|face_encoder\.pos_embed|face_clip_.\.positional_embedding`), spread, 0.02},
	{re(`(resblocks|face_encoder\.blocks|text_model\.encoder\.layers)\.0\.(self_)?attn\.(out_)?proj\.weight`), layer, 0.02},
	{re(`(resblocks|face_encoder\.blocks|text_model\.encoder\.layers)\.0\.(self_)?attn\.(out_)?proj\.bias`), spread, 0.01},
	{re(`positional_embedding|mask_token|gamma_[vl]$`), spread, 0.5},
	{re(`(face|text)_pos_proj\.weight`), layer, 40},
	{re(`relative_attention_bias`), spread, 1},
	{re(`self_attention\.o\.weight`), layer, 0.3},
	{re(`self_attention\.Wq\.`), layer, 0.125}, // T5 does not scale its scores by the root of the width of a head

	// The face transformer and its feature head. The head's variances are not far above its epsilon.
	{re(`patch_embed\.proj\.weight`), layer, 0.02},
	{re(`patch_embed\.proj\.bias`), spread, 0.02},
	{re(`attn\.qkv\.weight`), layer, 2},
	{re(`face_encoder\..*attn\.proj\.weight`), layer, 0.3},
	{re(`feature\.[02]\.weight`), layer, 0.02},
	{re(`feature\.[13]\.running_mean`), spread, 0.002},
	{re(`feature\.[13]\.running_var`), uniform, 0.0004},
	{re(`proj1\.weight`), layer, 3}, // of a vector of length 1

	// The fuser. With more even attention, and more of it, all tokens would become alike after a few layers.
	{re(`face_patch_proj\.weight`), layer, 0.005},
	{re(`face_patch_proj\.bias`), spread, 0.0005},
	{re(`fusion_layers\..*attn\.[vl]_proj\.weight|text_layers\..*in_proj_weight`), layer, 2.5},
	{re(`fusion_layers\..*attn\.[vl]_proj\.bias`), spread, 1},
	{re(`fuser\..*(linear2|norm.|layer_norm_.|self_attn\.out_proj|out_._proj)\.bias`), spread, 0.1},
	{re(`fusion_layers\..*out_._proj\.weight`), layer, 0.8},
	{re(`text_layers\..*out_proj\.weight`), layer, 0.15},
	{re(`linear2\.weight`), layer, 0.5},
	{re(`sampling_offsets\.weight`), layer, 1.5}, // several patches, often beyond the edge
	{re(`sampling_offsets\.bias`), spread, 3},
	{re(`attention_weights\.bias`), spread, 1},

	// The U-Net.
	{re(`^conv_in\.weight`), layer, 0.01},
	{re(`^conv_in\.bias`), spread, 0.001},
	{re(`^(down_blocks\.1\.resnets\.0|up_blocks\.2\.resnets\.2)\.conv(2|_shortcut)\.weight`), layer, 0.002},
	{re(`^(down_blocks\.1\.resnets\.0|up_blocks\.2\.resnets\.2)\.conv(2|_shortcut)\.bias`), spread, 0.0002},
	{re(`^down_blocks\.1\.attentions\.0\.proj_in\.weight`), layer, 0.01},
	{re(`^down_blocks\.1\.attentions\.0\.proj_in\.bias`), spread, 0.001},
	{re(`attn[12]\.to_[qk]\.weight`), layer, 1.9},

	// The transformer of FLUX: gates and scales near 0.5.
	{re(`context_embedder\.weight`), layer, 0.003},
	{re(`context_embedder\.bias`), spread, 0.0003},
	{re(`\.0\.attn\.(to_q|add_k_proj)\.weight`), layer, 0.002},
	{re(`\.0\.attn\.(to_q|add_k_proj)\.bias`), spread, 0.0002},
	{re(`attn\.norm_(added_)?[qk]\.weight`), uniform, 2},
	{re(`norm(1|1_context|_out)?\.linear\.weight`), layer, 0.6},

	// The decoders. Their latents are larger than 1.
	{re(`post_quant_conv\.weight`), layer, 0.05},
	{re(`decoder\.conv_in\.weight`), layer, 0.4},
	{re(`decoder\.(mid_block|up_blocks\.2)\.resnets\.0\.conv1\.weight`), layer, 0.002},
	{re(`decoder\.(mid_block|up_blocks\.2)\.resnets\.0\.conv1\.bias`), spread, 0.0002},

	{re(`bias$|running_mean$`), spread, 0.3},
	{re(`running_var$`), uniform, 1},
	{re(``), layer, 1},
}

func re(pattern string) *regexp.Regexp { return regexp.MustCompile(pattern) }

// ruleFor returns the rule of a tensor. The vectors that nothing is said about are the factors of norms.
func ruleFor(name string, shape []int) rule {
	for _, r := range rules[:len(rules)-1] {
		if r.pattern.MatchString(name) {
			return r
		}
	}
	if len(shape) == 1 {
		return rule{kind: uniform, factor: 1}
	}
	return rules[len(rules)-1]
}

// A distribution is that of one tensor: integers with a scale. Such a product is rounded once, the same on all machines.
type distribution struct {
	kind  kind
	scale float32
}

const (
	// normalStd is the standard deviation of the sum of four uniform numbers of 16 bits.
	normalStd = 37837.227
	// uniformOne is the integer for 1.
	uniformOne = 1 << 23
)

func distributionOf(name string, shape []int) distribution {
	r := ruleFor(name, shape)
	inputs := 1
	for _, d := range shape[min(1, len(shape)):] {
		inputs *= d
	}
	switch r.kind {
	case uniform:
		return distribution{r.kind, float32(r.factor / uniformOne)}
	case layer:
		return distribution{r.kind, float32(r.factor / normalStd / math.Sqrt(float64(inputs)))}
	}
	return distribution{r.kind, float32(r.factor / normalStd)}
}

// value returns the number that 64 random bits stand for.
func (d distribution) value(bits uint64) float32 {
	if d.kind == uniform {
		return float32(uniformOne/2+bits>>41) * d.scale
	}
	sum := int(bits>>48) + int(bits>>32&0xffff) + int(bits>>16&0xffff) + int(bits&0xffff)
	return float32(sum-2*0xffff) * d.scale
}
