package sampler

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"strconv"
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

// goldens are the files of each version of torch.
var goldens = map[Torch]string{Torch26: "noise.json", Torch215: "noise-2.15.json"}

// seed reads a seed as torch takes it: any int64 or uint64.
func seed(t *testing.T, number json.Number) int64 {
	if n, err := strconv.ParseUint(number.String(), 10, 64); err == nil {
		return int64(n)
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNormalSmall(t *testing.T) {
	for like, file := range goldens {
		var golden struct {
			Small []struct {
				Seed   json.Number
				DType  string
				Values []float32
			}
			Again [][]float32
		}
		load(t, file, &golden)
		for _, c := range golden.Small {
			dt, same := tensor.BF16, slices.Equal[[]float32]
			if c.DType == "f32" {
				dt, same = tensor.F32, near
			}
			if got := NewGenerator(seed(t, c.Seed), like).Normal(len(c.Values), dt); !same(got, c.Values) {
				t.Errorf("%s: seed %s, %s\ngot  %v\nwant %v", like, c.Seed, c.DType, got, c.Values)
			}
		}
		g := NewGenerator(11, like)
		for i, want := range golden.Again {
			if got := g.Normal(len(want), tensor.BF16); !slices.Equal(got, want) {
				t.Errorf("%s: draw %d of %d numbers\ngot  %v\nwant %v", like, i, len(want), got, want)
			}
		}
	}
}

// TestNormalBF16 allows where float32 is rounded what torch allows itself: one number in 10,000 differs by a step there between its
// kernels for one processor and another. Ours differ in one of 100,000 at most.
func TestNormalBF16(t *testing.T) {
	allowed := map[Torch]int{Torch26: 0, Torch215: 3} // pieces of 371
	for like, file := range goldens {
		var golden struct {
			BF16 []struct {
				Seed     json.Number
				N, Piece int
				CRC32    []uint32
			}
		}
		load(t, file, &golden)
		differ := 0
		for _, c := range golden.BF16 {
			values := NewGenerator(seed(t, c.Seed), like).Normal(c.N, tensor.BF16)
			for i, want := range c.CRC32 {
				var codes []byte
				for _, v := range values[i*c.Piece : min((i+1)*c.Piece, c.N)] {
					codes = binary.LittleEndian.AppendUint16(codes, tensor.ToBF16(v))
				}
				if crc32.ChecksumIEEE(codes) != want {
					differ++
				}
			}
		}
		if t.Logf("%s: %d pieces differ", like, differ); differ > allowed[like] {
			t.Errorf("%s: %d pieces differ from torch's, at most %d may", like, differ, allowed[like])
		}
	}
}

func TestNormalF32(t *testing.T) {
	for like, file := range goldens {
		var golden struct {
			F32 []struct {
				Seed         json.Number
				N            int
				Sum, Squares float64
				Last         []float32
			}
		}
		load(t, file, &golden)
		for _, c := range golden.F32 {
			got := NewGenerator(seed(t, c.Seed), like).Normal(c.N, tensor.F32)
			var sum, squares float64
			for _, v := range got {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			if math.Abs(sum-c.Sum) > 0.01 || math.Abs(squares-c.Squares) > 0.01 || !near(got[c.N-16:], c.Last) {
				t.Errorf("%s: seed %s: sum %v, squares %v, last %v\nwant %+v", like, c.Seed, sum, squares, got[c.N-16:], c)
			}
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
