package faceclip

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/golden"
	"github.com/faceclip-go/faceclip-go/mini"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// withoutEffect are the fields of published configurations that change nothing here: they may have any value.
var withoutEffect = strings.Fields(`
	_diffusers_version sample_size
	addition_embed_type_num_heads upcast_attention
	down_block_types/vae in_channels/vae force_upcast use_quant_conv
	sample_max_value skip_prk_steps
	_class_name/face_clip_encoder _class_name/face_t5_encoder
	architectures torch_dtype transformers_version
	attention_dropout dropout projection_dim
	bos_token_id eos_token_id pad_token_id initializer_factor initializer_range
	classifier_dropout decoder_start_token_id dropout_rate is_encoder_decoder num_decoder_layers output_past
	tie_word_embeddings use_cache`)

// TestFields puts what means nothing in the place of every field of every configuration, one after another: it is refused,
// unless the field is known to have no effect.
func TestFields(t *testing.T) {
	strange := map[string]any{"strange": true}
	for model := range minis {
		pt, base := publishedFields(t, model)
		configs, err := filepath.Glob(filepath.Join(base, "*", "*config.json"))
		must(t, err)
		for _, file := range slices.Concat(configs, encoderConfig(t, model)) {
			dir, open := filepath.Dir(filepath.Dir(file)), &Options{Base: base}
			from := pt
			if dir != base {
				from, open = dir, nil
			}
			for _, field := range fieldsOf(t, file) {
				free := slices.Contains(withoutEffect, field) || slices.Contains(withoutEffect, field+"/"+filepath.Base(filepath.Dir(file)))
				original, err := os.ReadFile(file)
				must(t, err)
				set(file, field, strange)(t, "")
				p, err := Open(context.Background(), from, open)
				if err == nil {
					p.Close()
				}
				if (err == nil) != free || err != nil && !strings.Contains(err.Error(), file) {
					t.Errorf("%s: strange %s: got %v; without effect: %v", file, field, err, free)
				}
				must(t, os.WriteFile(file, original, 0o644))
			}
		}
	}
}

// publishedFields returns the files of a miniature as the reference's users have them. The text encoders of the base model say
// what the published ones say.
func publishedFields(t *testing.T, model string) (pt, base string) {
	t.Helper()
	pt, base = official(t, model)
	clip := `{"architectures":["CLIPTextModel"],"attention_dropout":0.0,"bos_token_id":0,"dropout":0.0,"eos_token_id":2,
		"initializer_factor":1.0,"initializer_range":0.02,"layer_norm_eps":1e-05,"model_type":"clip_text_model","pad_token_id":1,
		"projection_dim":768,"torch_dtype":"float16","transformers_version":"4.32.0.dev0"}`
	t5 := `{"architectures":["T5EncoderModel"],"classifier_dropout":0.0,"decoder_start_token_id":0,"dense_act_fn":"gelu_new",
		"dropout_rate":0.1,"eos_token_id":1,"feed_forward_proj":"gated-gelu","initializer_factor":1.0,"is_encoder_decoder":true,
		"is_gated_act":true,"layer_norm_epsilon":1e-06,"model_type":"t5","num_decoder_layers":24,"output_past":true,
		"pad_token_id":0,"tie_word_embeddings":false,"torch_dtype":"bfloat16","transformers_version":"4.43.3","use_cache":true}`
	second := map[string]string{"sdxl": clip, "flux": t5}[model]
	for folder, published := range map[string]string{"text_encoder": clip, "text_encoder_2": second} {
		var fields map[string]any
		must(t, json.Unmarshal([]byte(published), &fields))
		for name, value := range fields {
			set(folder+"/config.json", name, value)(t, base)
		}
	}
	return pt, base
}

// encoderConfig returns the configuration of the encoder of a model of ours, which a base model does not have.
func encoderConfig(t *testing.T, model string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(copyOf(t, minis[model]), "face_*_encoder", "config.json"))
	must(t, err)
	return files
}

// fieldsOf returns the fields of a file, those of sections after a dot.
func fieldsOf(t *testing.T, file string) (fields []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var all map[string]any
	must(t, json.Unmarshal(text, &all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fields = append(fields, name)
		if section, ok := all[name].(map[string]any); ok {
			for inner := range section {
				fields = append(fields, name+"."+inner)
			}
		}
	}
	return fields
}

// set gives a field of a file, or of a section of it, a value.
func set(file, field string, value any) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		file := filepath.Join(dir, file)
		text, err := os.ReadFile(file)
		must(t, err)
		var all map[string]any
		must(t, json.Unmarshal(text, &all))
		section, name := all, field
		if outer, inner, ok := strings.Cut(field, "."); ok {
			section, name = all[outer].(map[string]any), inner
		}
		section[name] = value
		text, err = json.Marshal(all)
		must(t, err)
		must(t, os.WriteFile(file, text, 0o644))
	}
}

// A choice is a value of a field that another network has.
type choice struct {
	file, field string
	value       any
}

// TestChoices has choices that are not implemented: each is refused by name.
func TestChoices(t *testing.T) {
	const unet, decoder, scheduler = "unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"
	const faceCLIP, faceT5, transformer = "face_clip_encoder/config.json", "face_t5_encoder/config.json", "transformer/config.json"
	testChoices(t, "sdxl", []choice{
		{unet, "_class_name", "UNetSpatioTemporalConditionModel"}, {unet, "act_fn", "gelu"}, {unet, "addition_embed_type", "text"},
		{unet, "addition_embed_type", nil}, {unet, "attention_type", "gated"}, {unet, "center_input_sample", true},
		{unet, "class_embed_type", "timestep"}, {unet, "class_embeddings_concat", true}, {unet, "conv_in_kernel", 5},
		{unet, "conv_out_kernel", 1}, {unet, "cross_attention_norm", "layer_norm"}, {unet, "downsample_padding", 0},
		{unet, "dual_cross_attention", true}, {unet, "encoder_hid_dim", 768}, {unet, "encoder_hid_dim_type", "text_proj"},
		{unet, "flip_sin_to_cos", false}, {unet, "freq_shift", 1}, {unet, "mid_block_only_cross_attention", true},
		{unet, "mid_block_scale_factor", 2}, {unet, "mid_block_type", "UNetMidBlock2DSimpleCrossAttn"}, {unet, "mid_block_type", nil},
		{unet, "norm_eps", 0}, {unet, "norm_num_groups", nil}, {unet, "num_attention_heads", 8}, {unet, "num_class_embeds", 10},
		{unet, "only_cross_attention", true}, {unet, "only_cross_attention", []bool{false, true, false}},
		{unet, "resnet_out_scale_factor", 1.41}, {unet, "resnet_skip_time_act", true}, {unet, "resnet_time_scale_shift", "scale_shift"},
		{unet, "reverse_transformer_layers_per_block", []int{2, 2, 1}}, {unet, "time_cond_proj_dim", 2},
		{unet, "time_embedding_act_fn", "silu"}, {unet, "time_embedding_dim", 512}, {unet, "time_embedding_type", "fourier"},
		{unet, "timestep_post_act", "silu"}, {unet, "use_linear_projection", false}, {unet, "out_channels", 8},
		{unet, "down_block_types", []string{"DownBlock2D", "CrossAttnDownBlock2D", "AttnDownBlock2D"}},
		{unet, "up_block_types", []string{"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "ResnetUpsampleBlock2D"}},
		{decoder, "_class_name", "AutoencoderTiny"}, {decoder, "act_fn", "relu"}, {decoder, "mid_block_add_attention", false},
		{decoder, "up_block_types", []string{"UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "AttnUpDecoderBlock2D"}},
		{decoder, "latents_mean", []float32{1, 2, 3, 4}}, {decoder, "latents_std", []float32{1, 2, 3, 4}},
		{decoder, "scaling_factor", nil}, {decoder, "out_channels", 4},
		{scheduler, "_class_name", "PNDMScheduler"}, {scheduler, "beta_schedule", "squaredcos_cap_v2"},
		{scheduler, "prediction_type", "flow_prediction"}, {scheduler, "interpolation_type", "log_linear"},
		{scheduler, "timestep_spacing", "lagging"}, {scheduler, "timestep_type", "continuous"},
		{scheduler, "final_sigmas_type", "sigma_max"}, {scheduler, "trained_betas", []float32{0.1}},
		{faceCLIP, "text_l.hidden_act", "relu"}, {faceCLIP, "text_g.layer_norm_eps", 1e-6}, {faceCLIP, "text_l.model_type", "bert"},
	})
	testChoices(t, "flux", []choice{
		{transformer, "_class_name", "SD3Transformer2DModel"}, {transformer, "patch_size", 2}, {transformer, "out_channels", 128},
		{transformer, "axes_dims_rope", []int{8, 8, 8, 8}}, {transformer, "guidance_embeds", "yes"},
		{decoder, "latents_mean", make([]float32, 16)},
		{scheduler, "_class_name", "EulerDiscreteScheduler"}, {scheduler, "shift", 0},
		{scheduler, "time_shift_type", "linear"}, {scheduler, "shift_terminal", 0.1}, {scheduler, "invert_sigmas", true},
		{scheduler, "stochastic_sampling", true}, {scheduler, "num_train_timesteps", 500},
		{faceT5, "clip.layer_norm_eps", 1e-6}, {faceT5, "text.layer_norm_epsilon", 1e-5}, {faceT5, "text.dense_act_fn", "relu"},
		{faceT5, "text.feed_forward_proj", "relu"}, {faceT5, "text.is_gated_act", false}, {faceT5, "text.is_decoder", true},
		{faceT5, "text.model_type", "umt5"}, {faceT5, "text.relative_attention_num_buckets", 30},
		{faceT5, "text.relative_attention_max_distance", 8},
	})
}

func testChoices(t *testing.T, model string, choices []choice) {
	var damages []damage
	for _, c := range choices {
		name := c.field[strings.Index(c.field, ".")+1:]
		damages = append(damages, damage{c.file + " " + c.field, set(c.file, c.field, c.value), []string{c.file, name}})
	}
	testDamages(t, minis[model], damages)
}

// TestSameMeaning has choices that mean the same as the miniature's, and fields that are left out.
func TestSameMeaning(t *testing.T) {
	dir := copyMini(t)
	set("unet/config.json", "mid_block_only_cross_attention", false)(t, dir)
	set("unet/config.json", "only_cross_attention", []bool{false, false, false})(t, dir)
	set("unet/config.json", "nobody_knows", 1)(t, dir)
	replace("unet/config.json", `"flip_sin_to_cos":true,`, "")(t, dir)
	replace("unet/config.json", `"act_fn":"silu",`, "")(t, dir)
	p, err := Open(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}

// TestPython has configurations with numbers that Python writes and JSON does not have: where they are of no use they are no
// error, and elsewhere the field is named.
func TestPython(t *testing.T) {
	const scheduler = "scheduler/scheduler_config.json"
	infinite := replace(scheduler, `"clip_sample":`, `"lambda": [-Infinity, NaN, Infinity], "note\"": "NaN", "clip_sample":`)
	testDamages(t, minis["sdxl"], []damage{
		{"another class", func(t *testing.T, dir string) {
			infinite(t, dir)
			replace(scheduler, "EulerDiscreteScheduler", "PNDMScheduler")(t, dir)
		}, []string{scheduler, "_class_name", "PNDMScheduler"}},
		{"used", replace(scheduler, "0.012", "Infinity"), []string{scheduler, "beta_end"}},
		{"fixed", replace("unet/config.json", `"mid_block_scale_factor": 1`, `"mid_block_scale_factor": NaN`), []string{"mid_block_scale_factor", "NaN"}},
		{"no number", replace(scheduler, "0.012", "Infinit"), []string{scheduler, "invalid character"}},
	})
	dir := copyMini(t)
	infinite(t, dir)
	p, err := Open(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}

// TestLatentStatistics decodes latents that have a mean and a standard deviation for each channel: made such that what is left
// without them is what the reference has decoded.
func TestLatentStatistics(t *testing.T) {
	golden.Run(t, mini.SDXL, "vae", "../nn/vae/testdata/sdxl.safetensors", func(c *golden.Case) {
		config := golden.Config[vae.Config](t, mini.SDXL, "vae")
		config.Scaling, config.Mean, config.Std = 0.5, []float32{-1.6574, 1.886, -1.383, 2.5155}, []float32{8.4927, 5.9022, 6.5498, 5.2299}
		z := c.Tensor("latent")
		values := slices.Clone(tensor.Float32s(z))
		for i := range values {
			channel := i % len(config.Mean)
			values[i] = (values[i] - config.Mean[channel]) / config.Std[channel] * config.Scaling
		}
		d := decoder{config, vae.NewDecoder(c.P, config)}
		c.Check("image", d.decode(c.S, nil, c.S.Put(values, z.Shape()...)))
	})
}
