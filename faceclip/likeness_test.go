package faceclip_test

import (
	"context"
	"flag"
	"fmt"
	"image"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/faceclip"
	"github.com/faceclip-go/faceclip-go/internal/likeness"
	"github.com/faceclip-go/faceclip-go/internal/safetensors"
	"github.com/faceclip-go/faceclip-go/mini/trained"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

var (
	likenessSet      = flag.String("set", "testdata/likeness/forty", "`DIR` of persons for TestLikeness, as tools/demo/likeness.py writes it")
	likenessModel    = flag.String("model", "", "`DIR` of the model for TestLikeness, instead of the one in mini/trained")
	likenessSettings = flag.String("settings", "default", "what TestLikeness draws with, such as default,20 steps dpm++2m karras guided 0.2-0.8; the others are compared with the first")
	nobody           = flag.Bool("nobody", false, "TestLikeness draws with black faces")
)

// A setting trades the quality of a picture for its time.
type setting func(*faceclip.Options, *faceclip.Request)

// parseSetting reads words, of which none need be there: "default", "int8" weights, "computing int8" or bf16, "N steps", the names of a sampler and of a schedule,
// "guided FROM-UNTIL", "scale X" and "rescale X".
func parseSetting(t *testing.T, text string) setting {
	t.Helper()
	return func(o *faceclip.Options, r *faceclip.Request) {
		words := strings.Fields(text)
		number := func(word string) float32 {
			n, err := strconv.ParseFloat(word, 32)
			if err != nil {
				t.Fatalf("-settings %s: %v", text, err)
			}
			return float32(n)
		}
		for i := 0; i < len(words); i++ {
			word, next := words[i], ""
			if i+1 < len(words) {
				next = words[i+1]
			}
			switch {
			case word == "default":
			case word == "int8":
				o.Weights = tensor.I8
			case word == "computing":
				o.Compute, i = map[string]tensor.DType{"bf16": tensor.BF16, "int8": tensor.I8}[next], i+1
			case next == "steps":
				r.Steps, i = int(number(word)), i+1
			case word == "guided":
				from, until, _ := strings.Cut(next, "-")
				r.Guidance.From, r.Guidance.Until, i = number(from), number(until), i+1
			case word == "scale":
				r.Guidance.Scale, i = number(next), i+1
			case word == "rescale":
				r.Guidance.Rescale, i = number(next), i+1
			case slices.Contains(schedules, word):
				r.Schedule = word
			default:
				r.Sampler = word
			}
		}
	}
}

// schedules are the names that are no samplers.
var schedules = []string{sampler.Leading, sampler.Trailing, sampler.Linspace, sampler.Karras, sampler.Exponential, sampler.Beta}

// TestLikeness draws persons whom no training has seen, each in two scenes, by captions that name no trait of them, and reads off
// the pictures who it is and what they show: docs/quality.md.
func TestLikeness(t *testing.T) {
	if flag.Lookup("long").Value.String() != "true" {
		t.Skip("takes minutes: -long runs it")
	}
	dir := os.DirFS(*likenessSet)
	set, err := likeness.ReadSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t, set)
	var first map[string][]float64
	for _, name := range strings.Split(*likenessSettings, ",") {
		found := reader.Measure(drawAll(t, reader, set, parseSetting(t, name)))
		t.Logf("%s, %d persons:\n%s", name, len(set.Persons), table(found, first))
		if first == nil {
			first = found
		}
	}
	check(t, first)
}

// check compares figures with what they are to be.
func check(t *testing.T, found map[string][]float64) {
	least := map[string]float64{
		"identity": 0.85, "glasses or not": 0.85, "hair_style": 0.8, "clothes seen": 0.8, "wall seen": 0.8, "eyes and mouth": 0.9,
	}
	switch known := mean(found["identity"]); {
	case *nobody:
		least = nil
		if known > 0.08 {
			t.Errorf("%.3f are known by a black face, want chance, which is 0.025", known)
		}
	case strings.Contains(*likenessSet, "alike"): // one skin and one hair colour
		least["identity"] = 0.3
	}
	for name, least := range least {
		if got := mean(found[name]); got < least {
			t.Errorf("%s: %.3f, want %.2f", name, got, least)
		}
	}
}

// TestReader compares what is read off three portraits with what the same network reads in PyTorch: tools/demo/likeness.py.
func TestReader(t *testing.T) {
	set, err := likeness.ReadSet(os.DirFS("testdata/likeness/forty"))
	if err != nil {
		t.Fatal(err)
	}
	reader, golden := newReader(t, set), openLikeness(t, "reader-golden.safetensors")
	portraits, _ := golden.Get("portraits")
	scores, _ := golden.Get("scores")
	for i := range portraits.Dim(0) {
		img := image.NewNRGBA(image.Rect(0, 0, portraits.Dim(2), portraits.Dim(1)))
		for k, level := range tensor.Bytes(portraits.Slice(0, i, i+1)) {
			img.Pix[k/3*4+k%3], img.Pix[k/3*4+3] = level, 255
		}
		read, err := reader.Read(context.Background(), img)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(slices.Concat(read.Traits...), read.Numbers, slices.Concat(read.SceneTraits...), read.Parts)
		want := tensor.Float32s(scores.Slice(0, i, i+1))
		for k := range want {
			if d := math.Abs(float64(got[k] - want[k])); d > 1e-3 {
				t.Errorf("portrait %d: score %d is %v, want %v", i, k, got[k], want[k])
			}
		}
	}
}

func newReader(t *testing.T, set *likeness.Set) *likeness.Reader {
	t.Helper()
	b, err := backend.Open("cpu", backend.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	r, err := likeness.NewReader(context.Background(), b, openLikeness(t, "reader.safetensors"), set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openLikeness(t *testing.T, name string) *safetensors.Checkpoint {
	t.Helper()
	c, err := safetensors.Open(safetensors.DirOf("testdata/likeness"), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// drawAll draws each person in each of their scenes.
func drawAll(t *testing.T, reader *likeness.Reader, set *likeness.Set, setting setting) []likeness.Portrait {
	t.Helper()
	var model fs.FS = trained.Model()
	if *likenessModel != "" {
		model = os.DirFS(*likenessModel)
	}
	var o faceclip.Options
	setting(&o, &faceclip.Request{})
	p, err := faceclip.OpenFS(context.Background(), model, &o)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var all []likeness.Portrait
	for i, person := range set.Persons {
		for k, scene := range person.Scenes {
			r := &faceclip.Request{
				Face: set.Faces[i], Prompt: scene.Caption, Seed: int64(2*i + k), Width: trained.Width, Height: trained.Height,
				Steps: trained.Steps, Guidance: faceclip.Guidance{Scale: trained.Guidance},
			}
			if *nobody {
				r.Face = image.NewGray(set.Faces[i].Bounds())
			}
			setting(&o, r)
			portrait := likeness.Portrait{Person: i, Scene: k}
			if portrait.Image, err = p.Generate(context.Background(), r); err == nil {
				portrait.Reading, err = reader.Read(context.Background(), portrait.Image)
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, portrait)
		}
	}
	return all
}

// table shows figures, with the difference to those of another setting and its 95 % interval.
func table(found, other map[string][]float64) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&b, "%-20s %6.3f", name, mean(found[name]))
		if other != nil {
			difference := make([]float64, len(found[name]))
			for i, v := range found[name] {
				difference[i] = v - other[name][i]
			}
			m, variance := mean(difference), 0.0
			for _, d := range difference {
				variance += (d - m) * (d - m) / float64(len(difference)-1)
			}
			fmt.Fprintf(&b, "  %+.3f ± %.3f", m, 1.96*math.Sqrt(variance/float64(len(difference))))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
