package faceclip

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// float8 returns torch's values of the codes of a type.
func float8(t *testing.T, dt tensor.DType) (values [256]float64) {
	t.Helper()
	text, err := os.ReadFile("../tensor/testdata/float8.json")
	must(t, err)
	var all map[string][256]any
	must(t, json.Unmarshal(text, &all))
	for code, v := range all[dt.String()] {
		if n, ok := v.(float64); ok {
			values[code] = n
		} else {
			values[code] = math.NaN()
		}
	}
	return values
}

// round8 rounds x to a type of eight bits, and returns that and the same numbers as BF16.
func round8(x tensor.Tensor, dt tensor.DType, values [256]float64) (narrow, wide tensor.Tensor) {
	codes, halves := make([]byte, x.Len()), make([]byte, 0, 2*x.Len())
	nearest := map[uint16]byte{}
	for i, u := range tensor.Uint16s(x) {
		code, ok := nearest[u]
		if !ok {
			v, least := float64(tensor.FromBF16(u)), math.Inf(1)
			for c, w := range values {
				if d := math.Abs(w - v); d < least {
					code, least = byte(c), d
				}
			}
			nearest[u] = code
		}
		codes[i] = code
		halves = binary.LittleEndian.AppendUint16(halves, uint16(math.Float32bits(float32(values[code]))>>16))
	}
	return tensor.Make(tensor.HostMemory(codes), 0, dt, x.Shape()...), tensor.Make(tensor.HostMemory(halves), 0, tensor.BF16, x.Shape()...)
}

// TestFloat8 draws with weights of eight bits as with the same numbers in BF16: as stored, as int8 and converted.
func TestFloat8(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	for _, c := range []struct {
		model, part string
		dtype       tensor.DType
	}{{"sdxl", "unet", tensor.F8E5M2}, {"flux", "transformer", tensor.F8E4M3}} {
		values := float8(t, c.dtype)
		narrow, wide := copyOf(t, minis[c.model]), copyOf(t, minis[c.model])
		for _, dir := range []string{narrow, wide} {
			rewrite(t, dir, c.part, func(name string, x tensor.Tensor) safetensors.Entry {
				n, w := round8(x, c.dtype, values)
				if dir == narrow {
					w = n
				}
				return safetensors.EntryOf(name, w)
			})
		}
		for _, o := range []*Options{nil, {Weights: tensor.I8}} {
			p, err := Open(context.Background(), wide, o)
			must(t, err)
			want := generate(t, p, small16()).Pix
			must(t, p.Close())
			checkPicture(t, narrow, o, want)
		}
		p, err := Open(context.Background(), narrow, nil)
		must(t, err)
		planned, err := p.Plan(small16())
		must(t, err)
		if component := p.Components()[1]; !slices.Equal(component.DTypes, []tensor.DType{c.dtype}) {
			t.Errorf("%s has %v, want %v", component.Name, component.DTypes, c.dtype)
		} else if most := component.Bytes * 2; planned.Private < most*9/10 {
			t.Errorf("%d private bytes, with %d of weights that are widened", planned.Private, most)
		}
		must(t, p.Close())
		var short *backend.MemoryError
		if _, err := Open(context.Background(), narrow, &Options{Memory: 1 << 20}); !errors.As(err, &short) || !strings.Contains(err.Error(), "copied as BF16") {
			t.Errorf("limit of 1 MiB: %v", err)
		}
		checkConversions(t, narrow, wide)
	}
}

// checkConversions checks that two folders are converted to the same files.
func checkConversions(t *testing.T, narrow, wide string) {
	t.Helper()
	for _, weights := range []tensor.DType{0, tensor.F16, tensor.I8} {
		var sums []string
		for _, from := range []string{narrow, wide} {
			to := filepath.Join(t.TempDir(), "converted")
			must(t, Convert(context.Background(), from, to, &ConvertOptions{Weights: weights}))
			text, err := os.ReadFile(filepath.Join(to, "SHA256SUMS"))
			must(t, err)
			sums = append(sums, string(text))
		}
		if sums[0] != sums[1] {
			t.Errorf("as %v: other files", weights)
		}
	}
}

// TestFloat8Scales has weights of eight bits with scales: they are refused by name.
func TestFloat8Scales(t *testing.T) {
	values := float8(t, tensor.F8E4M3)
	var damages []damage
	for _, scale := range []string{"conv_in.weight_scale", "conv_in.scale_weight", "conv_in.weight_scale_inv", "conv_in.input_scale", "conv_in.scale_input", "scaled_fp8"} {
		damages = append(damages, damage{scale, func(t *testing.T, dir string) {
			rewrite(t, dir, "unet", func(name string, x tensor.Tensor) safetensors.Entry {
				if name == "conv_in.weight" {
					x, _ = round8(x, tensor.F8E4M3, values)
				}
				return safetensors.EntryOf(name, x)
			}, safetensors.EntryOf(scale, tensor.FromFloat32s([]float32{2}, 1)))
		}, []string{"unet/diffusion_pytorch_model.safetensors", `"` + scale + `"`, "8-bit", "not implemented"}})
	}
	testDamages(t, minis["sdxl"], damages)
}
