package faceclip

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// official turns a miniature into what the reference's users have: a folder of .pt files and a base model's. The same by the
// reference's own torch.save is compared by .ci/official.
func official(t *testing.T, model string) (pt, base string) {
	t.Helper()
	return officialFiles(t, model, false)
}

// officialFiles is official with dimensions stored in order, or reversed: tensors transposed as they were saved.
func officialFiles(t *testing.T, model string, reversed bool) (pt, base string) {
	t.Helper()
	base, pt = copyOf(t, minis[model]), filepath.Join(t.TempDir(), "FaceCLIP")
	encoder, denoiser, index := "face_clip_encoder", "unet", [2]string{"FaceCLIPSDXLPipeline", "StableDiffusionXLPipeline"}
	parts := map[string]string{"text_l": "text_encoder", "text_g": "text_encoder_2"}
	if model == "flux" {
		encoder, denoiser, index = "face_t5_encoder", "transformer", [2]string{"FaceT5FluxPipeline", "FluxPipeline"}
		parts = map[string]string{"clip": "text_encoder", "text": "text_encoder_2"}
	}
	asBase(t, base, encoder, parts)
	replace("model_index.json", index[0], index[1])(t, base)
	must(t, os.MkdirAll(filepath.Join(pt, "model"), 0o755))
	for _, part := range []string{encoder, denoiser} {
		c, err := safetensors.OpenComponent(safetensors.DirOf(base), part)
		must(t, err)
		rename := func(name string) string { return name }
		if part == "face_clip_encoder" { // whose names have "model." where the reference deletes it
			rename = func(name string) string { return strings.Replace(name, ".", ".model.", 1) }
		}
		writePickle(t, filepath.Join(pt, "model", pickled[part]), c, rename, reversed)
		must(t, c.Close())
		for _, file := range []string{"model.safetensors", "diffusion_pytorch_model.safetensors"} {
			os.Remove(filepath.Join(base, part, file))
		}
	}
	must(t, os.RemoveAll(filepath.Join(base, encoder)))
	return pt, base
}

// pickled are the reference's files, by the folder of the same weights.
var pickled = map[string]string{
	"face_clip_encoder": "face_clip_encoder.pt", "unet": "unet.pt", "face_t5_encoder": "face_t5_encoder.pt", "transformer": "dit.pt",
}

// writePickle writes tensors as torch.save does, with protocol 2.
func writePickle(t *testing.T, file string, c *safetensors.Checkpoint, rename func(string) string, reversed bool) {
	t.Helper()
	storages := map[tensor.DType]string{tensor.F32: "Float", tensor.F16: "Half", tensor.BF16: "BFloat16", tensor.I64: "Long"}
	var pickle, out bytes.Buffer
	str := func(s string) {
		pickle.WriteByte('X')
		binary.Write(&pickle, binary.LittleEndian, uint32(len(s)))
		pickle.WriteString(s)
	}
	number := func(n int) { pickle.WriteByte('J'); binary.Write(&pickle, binary.LittleEndian, int32(n)) }
	const ordered = "ccollections\nOrderedDict\n)R"
	pickle.WriteString("\x80\x02" + ordered + "(")
	archive := zip.NewWriter(&out)
	add := func(name string, data []byte) {
		n := uint64(len(data))
		w, err := archive.CreateRaw(&zip.FileHeader{Name: "archive/" + name, CRC32: crc32.ChecksumIEEE(data), CompressedSize64: n, UncompressedSize64: n})
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
	}
	for i, name := range c.Names() {
		x, _ := c.Get(name)
		str(rename(name))
		pickle.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		str("storage")
		fmt.Fprintf(&pickle, "ctorch\n%sStorage\n", storages[x.DType()])
		str(fmt.Sprint(i))
		str("cpu")
		number(x.Len())
		pickle.WriteString("tQ")
		number(0)
		stride, data := x.Stride, tensor.Bytes(x)
		if reversed {
			stride, data = reverse(x)
		}
		for _, get := range []func(int) int{x.Dim, stride} {
			pickle.WriteByte('(')
			for axis := range x.Rank() {
				number(get(axis))
			}
			pickle.WriteByte('t')
		}
		pickle.WriteString("\x89" + ordered + "tR")
		add(fmt.Sprint("data/", i), data)
	}
	pickle.WriteString("u.")
	add("data.pkl", pickle.Bytes())
	add("version", []byte("3\n"))
	must(t, archive.Close())
	must(t, os.WriteFile(file, out.Bytes(), 0o644))
}

// reverse returns the elements of x with the first dimension adjacent, and the strides.
func reverse(x tensor.Tensor) (stride func(int) int, data []byte) {
	steps := make([]int, x.Rank())
	step := 1
	for axis := range steps {
		steps[axis] = step
		step *= x.Dim(axis)
	}
	size, from := x.DType().Size(), tensor.Bytes(x)
	data = make([]byte, len(from))
	for i := range x.Len() {
		at := 0
		for axis, rest := x.Rank()-1, i; axis >= 0; axis-- {
			at += rest % x.Dim(axis) * steps[axis]
			rest /= x.Dim(axis)
		}
		copy(data[at*size:], from[i*size:(i+1)*size])
	}
	return func(axis int) int { return steps[axis] }, data
}

// TestReversed checks that files whose tensors have to be copied give the same picture and the same conversion, that the
// plan counts the copies, and that they keep within the limit.
func TestReversed(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for model := range minis {
		plain, base := official(t, model)
		pt, _ := officialFiles(t, model, true)
		want, err := Open(context.Background(), plain, &Options{Base: base})
		must(t, err)
		defer want.Close()
		p, err := Open(context.Background(), pt, &Options{Base: base})
		must(t, err)
		defer p.Close()
		if string(generate(t, p, small16()).Pix) != string(generate(t, want, small16()).Pix) {
			t.Errorf("%s: another picture", model)
		}
		planned, err := p.Plan(small16())
		must(t, err)
		before, err := want.Plan(small16())
		must(t, err)
		if more := planned.Private - before.Private; more < 200_000 {
			t.Errorf("%s: copies take %d bytes", model, more)
		}
		var short *backend.MemoryError
		_, err = Open(context.Background(), pt, &Options{Base: base, Memory: 1 << 20})
		if !errors.As(err, &short) || short.Need > planned.Private {
			t.Errorf("%s: limit of 1 MiB: %v", model, err)
		}
		for _, weights := range []tensor.DType{0, tensor.F16, tensor.I8} {
			var sums []string
			for _, from := range []string{plain, pt} {
				to := filepath.Join(t.TempDir(), "converted")
				must(t, Convert(context.Background(), from, to, &ConvertOptions{Base: base, Weights: weights}))
				text, err := os.ReadFile(filepath.Join(to, "SHA256SUMS"))
				must(t, err)
				sums = append(sums, string(text))
			}
			if sums[0] != sums[1] {
				t.Errorf("%s as %v: other files", model, weights)
			}
		}
	}
}

// TestOfficial draws with the reference's files, and with what Convert makes of them, as with the miniature itself.
func TestOfficial(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for model, files := range minis {
		pt, base := official(t, model)
		want := generate(t, openFS(t, files, nil), small16())
		p, err := Open(context.Background(), pt, &Options{Base: base})
		must(t, err)
		if got := generate(t, p, small16()); string(got.Pix) != string(want.Pix) {
			t.Errorf("%s: .pt files give another picture", model)
		}
		must(t, p.Close())
		for _, weights := range []tensor.DType{0, tensor.BF16, tensor.F16, tensor.I8} {
			to := filepath.Join(t.TempDir(), "converted")
			must(t, Convert(context.Background(), pt, to, &ConvertOptions{Base: base, Weights: weights}))
			checkSums(t, to)
			p, err := Open(context.Background(), to, nil)
			must(t, err)
			if got := generate(t, p, small16()); weights == 0 && string(got.Pix) != string(want.Pix) {
				t.Errorf("%s: converted files give another picture", model)
			}
			must(t, p.Close())
		}
		// The files may also lie directly in the folder, and be those of the base model's.
		p, err = Open(context.Background(), filepath.Join(pt, "model"), &Options{Base: base})
		must(t, err)
		must(t, p.Close())
		must(t, os.Rename(filepath.Join(pt, "model"), filepath.Join(base, "model")))
		p, err = Open(context.Background(), base, &Options{Base: base})
		must(t, err)
		must(t, p.Close())
	}
}

// TestOfficialErrors damages the reference's files and the base model's.
func TestOfficialErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for _, c := range []struct {
		model  string
		damage func(t *testing.T, pt, base string)
		want   []string
	}{
		{"sdxl", func(t *testing.T, pt, _ string) { must(t, os.Remove(filepath.Join(pt, "model/unet.pt"))) }, []string{"unet.pt"}},
		{"sdxl", func(t *testing.T, pt, _ string) { must(t, os.Remove(filepath.Join(pt, "model/face_clip_encoder.pt"))) }, []string{"face_clip_encoder.pt"}},
		{"flux", func(t *testing.T, pt, _ string) { must(t, os.Truncate(filepath.Join(pt, "model/dit.pt"), 1000)) }, []string{"dit.pt"}},
		{"flux", func(t *testing.T, pt, _ string) {
			must(t, os.Rename(filepath.Join(pt, "model/dit.pt"), filepath.Join(pt, "model/face_t5_encoder.pt")))
		}, []string{"face_t5_encoder.pt", "no tensor"}},
		{"sdxl", func(t *testing.T, _, base string) { must(t, os.RemoveAll(filepath.Join(base, "text_encoder_2"))) }, []string{"text_encoder_2/config.json"}},
		{"sdxl", func(t *testing.T, _, base string) {
			edit(t, filepath.Join(base, textEncoder2), "max_position_embeddings", 78)
		}, []string{textEncoder2, "max_position_embeddings 78"}},
		{"sdxl", func(t *testing.T, _, base string) { edit(t, filepath.Join(base, textEncoder), "num_hidden_layers", 5) }, []string{"face_clip_encoder.pt", "missing"}},
		{"flux", func(t *testing.T, _, base string) { edit(t, filepath.Join(base, textEncoder2), "vocab_size", 10) }, []string{textEncoder2, "vocab_size 10"}},
		{"flux", func(t *testing.T, _, base string) { edit(t, filepath.Join(base, textEncoder), "vocab_size", 10) }, []string{textEncoder, "vocab_size 10"}},
	} {
		pt, base := official(t, c.model)
		c.damage(t, pt, base)
		p, err := Open(context.Background(), pt, &Options{Base: base})
		if err == nil {
			p.Close()
			t.Errorf("%v: no error", c.want)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not name %q", err, part)
			}
		}
	}
}

// edit sets a field of a JSON file.
func edit(t *testing.T, file, field string, value any) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var all map[string]any
	must(t, json.Unmarshal(text, &all))
	all[field] = value
	text, err = json.Marshal(all)
	must(t, err)
	must(t, os.WriteFile(file, text, 0o644))
}
