package main

import (
	"maps"
	"math"
	"regexp"
	"strconv"

	"github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/internal/keys"
)

// The blocks of the published FaceT5-FLUX.
const (
	doubleBlocks = 19
	singleBlocks = 38
	t5Blocks     = 24
)

// flux is the published FaceT5-FLUX with a part of its blocks. With all of them the encoder has no configuration, as
// it is published.
func flux(depth float64) folder {
	part := func(blocks int) int { return int(math.Ceil(depth * float64(blocks))) }
	counts := map[string]int{
		"transformer_blocks":         part(doubleBlocks),
		"single_transformer_blocks":  part(singleBlocks),
		"encoder_2.t5_encoder.block": part(t5Blocks),
	}
	vocab, merges := vocabulary()
	transformer := object{
		"_class_name": "FluxTransformer2DModel", "patch_size": 1, "in_channels": 64, "out_channels": nil,
		"num_layers": part(doubleBlocks), "num_single_layers": part(singleBlocks), "attention_head_dim": 128,
		"num_attention_heads": 24, "joint_attention_dim": 4096, "pooled_projection_dim": 768, "guidance_embeds": true,
		"axes_dims_rope": []int{16, 56, 56},
	}
	f := folder{
		texts: map[string]string{
			"model_index.json":                toJSON(object{"_class_name": "FaceT5FluxPipeline"}),
			"tokenizer/vocab.json":            vocab,
			"tokenizer/merges.txt":            merges,
			"tokenizer_2/tokenizer.json":      unigram(),
			"transformer/config.json":         toJSON(transformer),
			"vae/config.json":                 toJSON(fluxVAE()),
			"scheduler/scheduler_config.json": toJSON(flowConfig),
		},
		weights: map[string]string{
			"face_t5_encoder/model.safetensors":               keys.FaceT5Encoder,
			"transformer/diffusion_pytorch_model.safetensors": keys.FLUXDiT,
			"vae/diffusion_pytorch_model.safetensors":         keys.FLUXVAE,
		},
		skip: beyond(counts),
	}
	if depth < 1 {
		encoder := encoder.Published
		encoder.Text.Layers = part(t5Blocks)
		f.texts["face_t5_encoder/config.json"] = toJSON(encoder)
	}
	return f
}

// beyond reports whether a name is in a block that is left out.
func beyond(counts map[string]int) func(name string) bool {
	block := regexp.MustCompile(`^(.*?)\.(\d+)\.`)
	return func(name string) bool {
		m := block.FindStringSubmatch(name)
		if m == nil {
			return false
		}
		n, _ := strconv.Atoi(m[2]) // digits
		count, ok := counts[m[1]]
		return ok && n >= count
	}
}

// fluxVAE is the autoencoder of SDXL, but for the latents.
func fluxVAE() object {
	vae := maps.Clone(vaeConfig)
	maps.Copy(vae, object{
		"latent_channels": 16, "scaling_factor": 0.3611, "shift_factor": 0.1159, "use_post_quant_conv": false, "use_quant_conv": false,
	})
	return vae
}

var flowConfig = object{
	"_class_name": "FlowMatchEulerDiscreteScheduler", "base_image_seq_len": 256, "base_shift": 0.5,
	"max_image_seq_len": 4096, "max_shift": 1.15, "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": true,
}
