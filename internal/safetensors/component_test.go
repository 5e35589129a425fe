package safetensors

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// shardOf returns a file with U8 tensors of the given names.
func shardOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var entries []Entry
	for _, name := range names {
		entries = append(entries, EntryOf(name, tensor.FromBytes([]byte(name), len(name))))
	}
	var b bytes.Buffer
	if err := Write(&b, map[string]string{"of": names[0]}, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestShards(t *testing.T) {
	d := dirOf(map[string][]byte{
		"unet/m.index.json":    []byte("\ufeff" + `{"metadata":{"total_size":NaN},"weight_map":{"a":"1.safetensors","b":"2.safetensors","bb":"2.safetensors"}}`),
		"unet/1.safetensors":   shardOf(t, "a"),
		"unet/2.safetensors":   shardOf(t, "b", "bb"),
		"unet/two.safetensors": shardOf(t, "b"),
	})
	indexed, err := OpenIndex(d, "unet/m.index.json")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := Open(d, "unet/2.safetensors", "unet/1.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Checkpoint{indexed, listed} {
		if want := []string{"a", "b", "bb"}; !slices.Equal(c.Names(), want) {
			t.Errorf("got %q, want %q", c.Names(), want)
		}
		bb, _ := c.Get("bb")
		if got := string(tensor.Bytes(bb)); got != "bb" || c.Mapped() || bb.Mem.File != "" {
			t.Errorf("bb is %q, mapped: %v, file: %q", got, c.Mapped(), bb.Mem.File)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err = Open(d, "unet/2.safetensors", "unet/two.safetensors")
	if want := filepath.FromSlash("models/unet/two.safetensors") + `: tensor "b" is in another shard too`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBadIndex(t *testing.T) {
	for _, c := range []struct{ name, index, want string }{
		{"empty", ``, "m.index.json: index starts with"},
		{"text", `hello`, "expected {"},
		{"cut", `{"weight_map":{"a":`, "unexpected EOF"},
		{"no map", `{}`, "no weight_map"},
		{"map is a list", `{"weight_map":[]}`, "m.index.json: index: "},
		{"twice", `{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}`, `has "a" twice`},
		{"parent", `{"weight_map":{"a":"../1.safetensors"}}`, `tensor "a": shard "../1.safetensors", expected the name`},
		{"folder", `{"weight_map":{"a":"x/1.safetensors"}}`, `shard "x/1.safetensors"`},
		{"backslash", `{"weight_map":{"a":"x\\1.safetensors"}}`, `expected the name`},
		{"absolute", `{"weight_map":{"a":"/1.safetensors"}}`, `expected the name`},
		{"drive", `{"weight_map":{"a":"c:1.safetensors"}}`, `expected the name`},
		{"dots", `{"weight_map":{"a":".."}}`, `expected the name`},
		{"other kind", `{"weight_map":{"a":"1.bin"}}`, `expected the name`},
		{"no such shard", `{"weight_map":{"a":"9.safetensors"}}`, "9.safetensors: file does not exist"},
		{"missing tensor", `{"weight_map":{"a":"1.safetensors","c":"1.safetensors"}}`, `1.safetensors: tensor "c" is missing`},
		{"wrong shard", `{"weight_map":{"a":"2.safetensors","b":"1.safetensors"}}`, `1.safetensors: tensor "b" is missing`},
		{"unlisted tensor", `{"weight_map":{"b":"2.safetensors"}}`, `2.safetensors: tensor "bb" of the shard is not in the index`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := dirOf(map[string][]byte{
				"m.index.json": []byte(c.index), "1.safetensors": shardOf(t, "a"), "2.safetensors": shardOf(t, "b", "bb"),
			})
			if _, err := OpenIndex(d, "m.index.json"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestOpenEncoder has a folder whose weights transformers asks for.
func TestOpenEncoder(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range []string{"diffusion_pytorch_model.safetensors", "model.safetensors", "model.fp16.safetensors"} {
		files["text_encoder/"+name] = shardOf(t, name)
	}
	opened, err := OpenComponent(dirOf(files), "text_encoder")
	if err != nil || opened.Names()[0] != "model.safetensors" {
		t.Errorf("got %v, %v", opened, err)
	}
}

func TestOpenComponent(t *testing.T) {
	for _, c := range []struct{ name, files, want string }{
		{"single", "model.safetensors config.json", "model.safetensors"},
		{"diffusers", "diffusion_pytorch_model.safetensors diffusion_pytorch_model.fp16.safetensors x.onnx", "diffusion_pytorch_model.safetensors"},
		{"variant", "model.fp16.safetensors", "model.fp16.safetensors"},
		{"index", "model.safetensors.index.json model-00001-of-00001.safetensors", "of the index"},
		{"index of a variant", "model.fp16.safetensors.index.json model-00001-of-00001.safetensors", "of the index"},
		{"index of a variant, as diffusers names it", "model.safetensors.index.fp16.json model-00001-of-00001.safetensors", "of the index"},
		{"plain index first", "model.safetensors.index.json model.safetensors.index.fp16.json model-00001-of-00001.safetensors", "of the index"},
		{"hidden", "model.safetensors ._model.safetensors", "model.safetensors"},
		{"two", "a.safetensors b.safetensors", "models/vae: expected one file of weights, found a.safetensors, b.safetensors"},
		{"index, as older versions name it", "model.safetensors.fp16.index.json model-00001-of-00001.fp16.safetensors", "of the index"},
		{"shards, as older versions name them", "model.safetensors.index.fp16.json model-00001-of-00001.fp16.safetensors", "of the index"},
		{"shards, as newer versions name them", "model.safetensors.index.fp16.json model.fp16-00001-of-00001.safetensors", "of the index"},
		{"both names of an index", "model.safetensors.index.fp16.json model.safetensors.fp16.index.json model-00001-of-00001.safetensors", "of the index"},
		{"single and index", "diffusion_pytorch_model.safetensors diffusion_pytorch_model.safetensors.index.json model-00001-of-00001.safetensors", "of the index"},
		{"variant as a file and an index", "model.fp16.safetensors model.safetensors.index.fp16.json model-00001-of-00001.fp16.safetensors", "of the index"},
		{"index without shards beside a variant", "model.safetensors.index.json model.fp16.safetensors", "model.fp16.safetensors"},
		{"index without shards", "model.safetensors.index.json", "model-00001-of-00001.safetensors: file does not exist"},
		{"asked for by name", "a.safetensors model.safetensors diffusion_pytorch_model.safetensors z.safetensors", "diffusion_pytorch_model.safetensors"},
		{"no variant first", "diffusion_pytorch_model.fp16.safetensors diffusion_pytorch_model.non_ema.safetensors diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors"},
		{"variant of the name", "flux1-dev.safetensors diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors"},
		{"the other name", "a.safetensors model.safetensors", "model.safetensors"},
		{"two variants of the name", "model.safetensors diffusion_pytorch_model.bf16.safetensors diffusion_pytorch_model.fp16.safetensors", "expected one file of weights, found diffusion_pytorch_model.bf16.safetensors, diffusion_pytorch_model.fp16"},
		{"only shards, as older versions name them", "model-00001-of-00001.fp16.safetensors", "no weights"},
		{"two variants", "a.fp16.safetensors a.bf16.safetensors", "found a.bf16.safetensors, a.fp16.safetensors"},
		{"none", "config.json", "models/vae: no weights, expected model.safetensors, "},
		{"only shards", "model-00001-of-00001.safetensors", "no weights"},
		{"no folder", "", "models/vae: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{}
			shard := cmp.Or(regexp.MustCompile(`\S*-of-\S*`).FindString(c.files), "model-00001-of-00001.safetensors")
			for _, name := range strings.Fields(c.files) {
				content := shardOf(t, name)
				if strings.HasSuffix(name, ".json") {
					content = fmt.Appendf(nil, `{"weight_map":{"of the index":%q}}`, shard)
				} else if shardName.MatchString(name) {
					content = shardOf(t, "of the index")
				}
				files["vae/"+name] = content
			}
			opened, err := OpenComponent(dirOf(files), "vae")
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = opened.Names()[0]
			}
			if want := filepath.FromSlash(c.want); !strings.Contains(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
