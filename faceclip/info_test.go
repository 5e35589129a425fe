package faceclip

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend/cpu"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

func TestInfo(t *testing.T) {
	device, err := cpu.Open(1)
	must(t, err)
	defer device.Close()
	for name, want := range map[string]struct {
		system   string
		multiple int
	}{"sdxl": {"FaceCLIP-SDXL", 8}, "flux": {"FaceT5-FLUX", 16}} {
		p := openFS(t, minis[name], &Options{Memory: 3e9})
		i := p.Info()
		if i.System != want.system || i.Multiple != want.multiple || i.Device != "cpu" || i.Kernels != device.Kernels() ||
			i.Activations != tensor.F32 || i.Compute != tensor.F32 || i.Memory != 3e9 || i.DeviceMemory != 0 || i.Held <= 0 || len(i.Fingerprint) != 64 {
			t.Errorf("%s: %+v", name, i)
		}
		for _, r := range []*Request{{Width: i.Multiple, Height: i.MaxSide}, {Steps: i.MaxSteps}} {
			if _, err := p.Tokens(r); err != nil {
				t.Errorf("%s: within the limits: %v", name, err)
			}
		}
		for _, r := range []*Request{{Width: i.MaxSide + i.Multiple}, {Width: i.Multiple / 2}, {Steps: i.MaxSteps + 1}} {
			if _, err := p.Tokens(r); err == nil {
				t.Errorf("%s: %+v is beyond the limits", name, r)
			}
		}
		must(t, p.Close())
		if p.Info() != i {
			t.Errorf("%s: another Info after Close", name)
		}
	}
}

// TestFingerprint copies a model: the fingerprint is the same in other shards and with a prefix of all names, and another one with
// another number, a tensor more, or of another system.
func TestFingerprint(t *testing.T) {
	of := func(dir string) string {
		p, err := Open(context.Background(), dir, nil)
		must(t, err)
		defer p.Close()
		return p.Info().Fingerprint
	}
	const first = "add_embedding.linear_1.weight" // of the matrices, which counts
	dir := copyMini(t)
	want := of(dir)
	if got := of(copyMini(t)); got != want {
		t.Errorf("a copy has %s, the model %s", got, want)
	}
	if openFLUXMini(t, nil).Info().Fingerprint == want {
		t.Error("the other system has the same fingerprint")
	}

	rewriteUNet(t, dir, 2, func(name string) string { return "module." + name }, nil)
	if got := of(dir); got != want {
		t.Errorf("shards of prefixed names have %s, the model %s", got, want)
	}
	rewriteUNet(t, dir, 1, func(name string) string { return name[len("module."):] }, func(name string, data []byte) {
		if name == "module."+first {
			data[0] ^= 1
		}
	})
	changed := of(dir)
	if changed == want {
		t.Error("a model with another number has the same fingerprint")
	}
	rewriteUNet(t, dir, 1, func(name string) string { return name }, func(name string, data []byte) {
		if name == first {
			data[0] ^= 1
			data[len(data)-1] ^= 1 // not among the first numbers
		}
	})
	if got := of(dir); got != want {
		t.Error("a number that does not count changes the fingerprint")
	}
}

// rewriteUNet writes the weights of a model's denoiser anew, into so many shards, with other names and numbers.
func rewriteUNet(t *testing.T, dir string, shards int, rename func(string) string, edit func(name string, data []byte)) {
	t.Helper()
	c, err := safetensors.OpenComponent(safetensors.DirOf(dir), "unet")
	must(t, err)
	stored := make([]map[string]tensor.Tensor, shards)
	for i, name := range c.Names() {
		x, _ := c.Get(name)
		data := append([]byte(nil), tensor.Bytes(x)...)
		if edit != nil {
			edit(name, data)
		}
		if stored[i%shards] == nil {
			stored[i%shards] = map[string]tensor.Tensor{}
		}
		stored[i%shards][rename(name)] = tensor.Make(tensor.HostMemory(data), 0, x.DType(), x.Shape()...)
	}
	must(t, c.Close())
	old, err := filepath.Glob(filepath.Join(dir, "unet", "*safetensors*"))
	must(t, err)
	for _, file := range old {
		must(t, os.Remove(file))
	}
	const stem = "diffusion_pytorch_model"
	files := map[string]string{}
	for i, tensors := range stored {
		file := fmt.Sprintf("%s-%05d-of-%05d.safetensors", stem, i+1, shards)
		must(t, safetensors.WriteFile(filepath.Join(dir, "unet", file), nil, safetensors.Entries(tensors)))
		for name := range tensors {
			files[name] = file
		}
	}
	index, err := json.Marshal(map[string]any{"weight_map": files})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "unet", stem+".safetensors.index.json"), index, 0o644))
}
