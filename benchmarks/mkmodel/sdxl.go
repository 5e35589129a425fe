package main

import (
	"github.com/faceclip-go/faceclip-go/internal/keys"
)

type object map[string]any

// sdxl is the published FaceCLIP-SDXL. The encoder has no configuration: its sizes are built in.
func sdxl() folder {
	vocab, merges := vocabulary()
	return folder{
		texts: map[string]string{
			"model_index.json":                toJSON(object{"_class_name": "FaceCLIPSDXLPipeline"}),
			"tokenizer/vocab.json":            vocab,
			"tokenizer/merges.txt":            merges,
			"unet/config.json":                toJSON(unetConfig),
			"vae/config.json":                 toJSON(vaeConfig),
			"scheduler/scheduler_config.json": toJSON(schedulerConfig),
		},
		weights: map[string]string{
			"face_clip_encoder/model.safetensors":      keys.FaceCLIPEncoder,
			"unet/diffusion_pytorch_model.safetensors": keys.SDXLUNet,
			"vae/diffusion_pytorch_model.safetensors":  keys.SDXLVAE,
		},
	}
}

var unetConfig = object{
	"_class_name": "UNet2DConditionModel", "act_fn": "silu", "addition_embed_type": "text_time",
	"addition_time_embed_dim": 256, "attention_head_dim": []int{5, 10, 20}, "block_out_channels": []int{320, 640, 1280},
	"cross_attention_dim": 2048, "down_block_types": []string{"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"},
	"flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "norm_eps": 1e-5,
	"norm_num_groups": 32, "out_channels": 4, "projection_class_embeddings_input_dim": 2816, "sample_size": 128,
	"transformer_layers_per_block": []int{1, 2, 10},
	"up_block_types":               []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"},
	"use_linear_projection":        true,
}

var vaeConfig = object{
	"_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": []int{128, 256, 512, 512}, "in_channels": 3,
	"latent_channels": 4, "layers_per_block": 2, "norm_num_groups": 32, "out_channels": 3, "sample_size": 1024,
	"scaling_factor": 0.13025,
}

var schedulerConfig = object{
	"_class_name": "EulerDiscreteScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
	"interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "epsilon", "steps_offset": 1,
	"timestep_spacing": "leading", "use_karras_sigmas": false,
}
