package sampler

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// load decodes a file of reference values.
func load(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// near compares float32 noise with torch's, whose logarithm, sine and cosine are approximations.
func near(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(g, w float32) bool { return math.Abs(float64(g-w)) <= 2e-6 })
}

func TestNormalSmall(t *testing.T) {
	var golden struct {
		Small []struct {
			Seed   int64
			DType  string
			Values []float32
		}
	}
	load(t, "noise.json", &golden)
	for _, c := range golden.Small {
		dt, same := tensor.BF16, slices.Equal[[]float32]
		if c.DType == "f32" {
			dt, same = tensor.F32, near
		}
		if got := Normal(c.Seed, len(c.Values), dt); !same(got, c.Values) {
			t.Errorf("seed %d, %s\ngot  %v\nwant %v", c.Seed, c.DType, got, c.Values)
		}
	}
}

func TestNormalBF16(t *testing.T) {
	var golden struct {
		BF16 []struct {
			Seed   int64
			N      int
			SHA256 string
		}
	}
	load(t, "noise.json", &golden)
	for _, c := range golden.BF16 {
		var codes []byte
		for _, v := range Normal(c.Seed, c.N, tensor.BF16) {
			codes = binary.LittleEndian.AppendUint16(codes, tensor.ToBF16(v))
		}
		sum := sha256.Sum256(codes)
		if got := hex.EncodeToString(sum[:]); got != c.SHA256 {
			t.Errorf("seed %d, %d numbers: some differ from torch's", c.Seed, c.N)
		}
	}
}

func TestNormalF32(t *testing.T) {
	var golden struct {
		F32 []struct {
			Seed         int64
			N            int
			Sum, Squares float64
			Last         []float32
		}
	}
	load(t, "noise.json", &golden)
	for _, c := range golden.F32 {
		got := Normal(c.Seed, c.N, tensor.F32)
		var sum, squares float64
		for _, v := range got {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		if math.Abs(sum-c.Sum) > 0.01 || math.Abs(squares-c.Squares) > 0.01 || !near(got[c.N-16:], c.Last) {
			t.Errorf("seed %d: sum %v, squares %v, last %v\nwant %+v", c.Seed, sum, squares, got[c.N-16:], c)
		}
	}
}

func TestNormalOfOtherTypes(t *testing.T) {
	if got := Normal(1, 0, tensor.BF16); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("f16 noise is not implemented, expected a panic")
		}
	}()
	Normal(1, 16, tensor.F16)
}

func BenchmarkNormal(b *testing.B) {
	const latent = 4 * 144 * 108
	b.SetBytes(latent * 4)
	for b.Loop() {
		Normal(453563, latent, tensor.BF16)
	}
}
