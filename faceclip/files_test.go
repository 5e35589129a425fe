package faceclip

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// rewrite writes the weights of a component anew, each as f returns it, with more beside them.
func rewrite(t *testing.T, dir, part string, f func(name string, x tensor.Tensor) safetensors.Entry, more ...safetensors.Entry) {
	t.Helper()
	c, err := safetensors.OpenComponent(safetensors.DirOf(dir), part)
	must(t, err)
	for _, name := range c.Names() {
		x, _ := c.Get(name)
		more = append(more, f(name, x))
	}
	var b bytes.Buffer
	must(t, safetensors.Write(&b, nil, more))
	must(t, c.Close())
	old, err := filepath.Glob(filepath.Join(dir, part, "*.safetensors*"))
	must(t, err)
	for _, file := range old {
		must(t, os.Remove(file))
	}
	must(t, os.WriteFile(filepath.Join(dir, part, safetensors.Stem(part)+".safetensors"), b.Bytes(), 0o644))
}

// renamed returns a damage that gives the tensors of a component other names.
func renamed(part string, name func(string) string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		rewrite(t, dir, part, func(old string, x tensor.Tensor) safetensors.Entry { return safetensors.EntryOf(name(old), x) })
	}
}

// prefixed returns a damage that puts a prefix before the names of a component's tensors.
func prefixed(part, prefix string) func(*testing.T, string) {
	return renamed(part, func(name string) string { return prefix + name })
}

// added returns a damage that adds tensors of another element type or of more dimensions than are read, all of zeros.
func added(part, name, dtype string, shape []int, size int) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		rewrite(t, dir, part, func(old string, x tensor.Tensor) safetensors.Entry { return safetensors.EntryOf(old, x) })
		spoil(t, filepath.Join(dir, part, safetensors.Stem(part)+".safetensors"), name, dtype, shape, size)
	}
}

// spoil gives a file of weights one tensor of any type, in the place of one of this name if there is one.
func spoil(t *testing.T, file, name, dtype string, shape []int, size int) {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	n := int(binary.LittleEndian.Uint64(data))
	var header map[string]any
	must(t, json.Unmarshal(data[8:8+n], &header))
	body := data[8+n:]
	if old, ok := header[name].(map[string]any); ok {
		offsets := old["data_offsets"].([]any)
		lo, hi := int(offsets[0].(float64)), int(offsets[1].(float64))
		header["unused"] = map[string]any{"dtype": "U8", "shape": []int{hi - lo}, "data_offsets": []int{lo, hi}}
	}
	header[name] = map[string]any{"dtype": dtype, "shape": shape, "data_offsets": []int{len(body), len(body) + size}}
	text, err := json.Marshal(header)
	must(t, err)
	data = append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	must(t, os.WriteFile(file, append(append(data, body...), make([]byte, size)...), 0o644))
}

func checkPicture(t *testing.T, dir string, o *Options, want []byte) {
	t.Helper()
	p, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Error(err)
		return
	}
	defer p.Close()
	if got := generate(t, p, small16()); string(got.Pix) != string(want) {
		t.Error("another picture")
	}
}

// TestPrefixes has checkpoints all of whose names have a prefix more, or which are wrapped: they are read if then all fit.
func TestPrefixes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	want := generate(t, openFS(t, minis["sdxl"], nil), small16()).Pix
	for _, c := range []struct{ part, prefix string }{
		{"unet", "module."}, {"unet", "unet."}, {"unet", "model."}, {"unet", "_orig_mod.module."}, {"face_clip_encoder", "module."}, {"vae", "model."},
	} {
		dir := copyMini(t)
		prefixed(c.part, c.prefix)(t, dir)
		checkPicture(t, dir, nil, want)
	}
	pt, base := official(t, "sdxl")
	for _, part := range []string{"face_clip_encoder", "unet"} {
		c, err := safetensors.OpenComponent(safetensors.DirOf(copyMini(t)), part)
		must(t, err)
		writePickle(t, filepath.Join(pt, "model", pickled[part]), c, func(name string) string { return "module." + name }, part == "unet")
		must(t, c.Close())
	}
	checkPicture(t, pt, &Options{Base: base}, want)
	to := filepath.Join(t.TempDir(), "converted")
	must(t, Convert(context.Background(), pt, to, &ConvertOptions{Base: base}))
	checkPicture(t, to, nil, want)
	const unet = "unet/diffusion_pytorch_model.safetensors"
	testDamages(t, minis["sdxl"], []damage{
		{"unknown prefix", prefixed("unet", "net."), []string{unet, "unexpected net."}},
		{"of another network", prefixed("unet", "module.other."), []string{unet, "unexpected module.other."}},
		{"not all", renamed("unet", func(name string) string {
			if name == "conv_in.bias" {
				return name
			}
			return "module." + name
		}), []string{unet, "unexpected module."}},
		{"one too many", func(t *testing.T, dir string) {
			added("unet", "left", "F32", []int{1}, 4)(t, dir)
			prefixed("unet", "module.")(t, dir)
		}, []string{unet, "unexpected module."}},
	})
}

// TestForeignTensors has tensors that cannot be read: where they are not needed they are no error, elsewhere they are named.
func TestForeignTensors(t *testing.T) {
	for _, foreign := range []struct {
		name, dtype string
		shape       []int
		size        int
	}{{"encoder.conv_in.weight", "F64", []int{2}, 16}, {"encoder.x", "BOOL", []int{3}, 3}, {"encoder.x", "F4", []int{4}, 2}, {"encoder.x", "F32", []int{1, 1, 1, 1, 2}, 8}, {"encoder.x", "U16", []int{}, 2}} {
		dir := copyMini(t)
		added("vae", foreign.name, foreign.dtype, foreign.shape, foreign.size)(t, dir)
		p, err := Open(context.Background(), dir, nil)
		if err != nil {
			t.Errorf("%v: %v", foreign, err)
			continue
		}
		must(t, p.Close())
		must(t, Convert(context.Background(), dir, dir+"-to", &ConvertOptions{Weights: tensor.BF16}))
	}
	const unet = "unet/diffusion_pytorch_model.safetensors"
	testDamages(t, minis["sdxl"], []damage{
		{"nobody expects", added("unet", "strange", "F64", []int{1}, 8), []string{unet, "1 unexpected", "strange"}},
		{"wanted", added("unet", "conv_in.bias", "F64", []int{16}, 128), []string{unet, "conv_in.bias: model wants floating-point numbers [16], file has F64[16]"}},
		{"wanted, of rank 5", added("unet", "conv_in.bias", "F32", []int{1, 1, 1, 1, 16}, 64), []string{unet, "conv_in.bias: model wants floating-point numbers [16], file has F32[1 1 1 1 16]"}},
		{"wanted, integers", added("unet", "conv_in.bias", "I32", []int{16}, 64), []string{unet, "conv_in.bias: model wants floating-point numbers, file has i32"}},
	})
}

// TestLayouts has weights in layouts of others: each is named.
func TestLayouts(t *testing.T) {
	const use = "in the layout of diffusers"
	single := func(file string, names ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			var entries []safetensors.Entry
			for _, name := range names {
				entries = append(entries, safetensors.EntryOf(name, tensor.FromFloat32s([]float32{1}, 1)))
			}
			must(t, safetensors.WriteFile(filepath.Join(dir, file), nil, entries))
		}
	}
	alone := func(file string, names ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove("model_index.json")(t, dir)
			single(file, names...)(t, dir)
		}
	}
	const unet, transformer, vae = "unet/diffusion_pytorch_model.safetensors", "transformer/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"
	sdxl := []string{"conditioner.embedders.0.transformer.text_model.embeddings.position_ids", "first_stage_model.decoder.conv_in.bias", "model.diffusion_model.input_blocks.0.0.bias"}
	bfl := []string{"double_blocks.0.img_attn.norm.key_norm.scale", "final_layer.linear.bias", "img_in.bias", "single_blocks.0.linear1.bias"}
	testDamages(t, minis["sdxl"], []damage{
		{"SDXL", single(unet, sdxl...), []string{unet, "sd_xl_base_1.0.safetensors", "model.diffusion_model.input_blocks.0.0.bias", "stabilityai/stable-diffusion-xl-base-1.0", use}},
		{"SDXL U-Net", single(unet, "input_blocks.0.0.bias", "middle_block.0.emb_layers.1.bias"), []string{unet, "original layout", use}},
		{"VAE", single(vae, "decoder.conv_in.bias", "decoder.mid.block_1.conv1.bias", "decoder.up.0.block.0.conv1.bias"), []string{vae, "autoencoder in its original layout", use}},
		{"SDXL alone", alone("sd_xl_base_1.0.safetensors", sdxl...), []string{"sd_xl_base_1.0.safetensors: a single file of Stable Diffusion XL", use}},
		{"others alone", alone("something.safetensors", "weight"), []string{"model_index.json"}},
	})
	testDamages(t, minis["flux"], []damage{
		{"Black Forest Labs", func(t *testing.T, dir string) {
			remove("transformer/diffusion_pytorch_model.safetensors.index.json")(t, dir)
			single(transformer, bfl...)(t, dir)
		}, []string{transformer, "flux1-dev.safetensors", "double_blocks.0", "black-forest-labs/FLUX.1-dev", use}},
		{"ComfyUI", func(t *testing.T, dir string) {
			remove("transformer/diffusion_pytorch_model.safetensors.index.json")(t, dir)
			single(transformer, "model.diffusion_model."+bfl[0])(t, dir)
		}, []string{transformer, "ComfyUI", use}},
		{"Black Forest Labs alone", alone("flux1-dev.safetensors", bfl...), []string{"flux1-dev.safetensors: the transformer of FLUX", use}},
	})
	dir := t.TempDir()
	single("flux1-dev.safetensors", bfl...)(t, dir)
	single("other.safetensors", "x")(t, dir)
	for file, want := range map[string]string{"flux1-dev.safetensors": "Black Forest Labs", "other.safetensors": "a file, expected the folder of a model"} {
		if _, err := Open(context.Background(), filepath.Join(dir, file), nil); err == nil || !strings.Contains(err.Error(), file+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// TestStrangers has what downloads leave in the place of files.
func TestStrangers(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
	const page = "\r\n<!DOCTYPE html>\n<html><body>Sign in</body></html>"
	var sdxl, flux []damage
	for _, file := range []string{"model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "tokenizer/vocab.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json"} {
		sdxl = append(sdxl, damage{file, write(file, pointer), []string{file, "a Git LFS pointer"}}, damage{file + " as a page", write(file, page), []string{file, "an HTML page"}})
	}
	for _, file := range []string{"tokenizer_2/spiece.model", "transformer/diffusion_pytorch_model.safetensors.index.json", "transformer/diffusion_pytorch_model-00001-of-00002.safetensors"} {
		flux = append(flux, damage{file, write(file, pointer), []string{file, "a Git LFS pointer"}}, damage{file + " as a page", write(file, page), []string{file, "an HTML page"}})
	}
	testDamages(t, minis["sdxl"], sdxl)
	testDamages(t, minis["flux"], flux)
}

// TestEditors has texts with a byte order mark and lines that end with CRLF.
func TestEditors(t *testing.T) {
	for model, files := range minis {
		dir := copyOf(t, files)
		texts := 0
		for _, pattern := range []string{"*.json", "*/*.json", "*/merges.txt"} {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			must(t, err)
			for _, file := range found {
				text, err := os.ReadFile(file)
				must(t, err)
				must(t, os.WriteFile(file, []byte("\ufeff"+strings.ReplaceAll(string(text), "\n", "\r\n")), 0o644))
				texts++
			}
		}
		p, err := Open(context.Background(), dir, nil)
		if err != nil || texts < 6 {
			t.Errorf("%s, %d texts: %v", model, texts, err)
			continue
		}
		must(t, p.Close())
	}
}

// TestTokenizerJSON has no vocab.json but what transformers 5 saves.
func TestTokenizerJSON(t *testing.T) {
	dir := copyMini(t)
	vocab, err := os.ReadFile(filepath.Join(dir, "tokenizer/vocab.json"))
	must(t, err)
	merges, err := os.ReadFile(filepath.Join(dir, "tokenizer/merges.txt"))
	must(t, err)
	var pairs [][]string
	for line := range strings.Lines(string(merges)) {
		if fields := strings.Fields(line); !strings.HasPrefix(line, "#") && len(fields) == 2 {
			pairs = append(pairs, fields)
		}
	}
	file, err := json.Marshal(map[string]any{"version": "1.0", "model": map[string]any{
		"type": "BPE", "dropout": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "</w>", "vocab": json.RawMessage(vocab), "merges": pairs,
	}})
	must(t, err)
	remove("tokenizer/vocab.json")(t, dir)
	remove("tokenizer/merges.txt")(t, dir)
	write("tokenizer/tokenizer.json", string(file))(t, dir)
	checkPicture(t, dir, nil, generate(t, openFS(t, minis["sdxl"], nil), small16()).Pix)
	testDamages(t, minis["sdxl"], []damage{{"damaged", func(t *testing.T, dir string) {
		remove("tokenizer/vocab.json")(t, dir)
		write("tokenizer/tokenizer.json", "{}")(t, dir)
	}, []string{"tokenizer/tokenizer.json", "model"}}})
}

// TestConvertIndex checks that a converted folder has no index of shards, whatever their format and variant.
func TestConvertIndex(t *testing.T) {
	dir := copyOf(t, minis["flux"])
	for _, name := range []string{"diffusion_pytorch_model.safetensors.index.fp16.json", "diffusion_pytorch_model.safetensors.fp16.index.json", "diffusion_pytorch_model.bin.index.json"} {
		write("transformer/"+name, `{"weight_map":{"a":"a-00001-of-00001.safetensors"}}`)(t, dir)
	}
	must(t, Convert(context.Background(), dir, dir+"-to", nil))
	files, err := filepath.Glob(filepath.Join(dir+"-to", "transformer", "*"))
	must(t, err)
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	if want := []string{"config.json", "diffusion_pytorch_model.safetensors"}; !slices.Equal(files, want) {
		t.Errorf("got %q, want %q", files, want)
	}
}
