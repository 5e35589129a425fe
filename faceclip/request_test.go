package faceclip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/sampler"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// small is a request that takes a moment.
func small() *Request { return &Request{Prompt: "a man", Width: 32, Height: 40, Steps: 2} }

func TestRequests(t *testing.T) {
	p := openMini(t, nil)
	other := openMini(t, nil)
	foreign, err := other.Encode(context.Background(), small())
	if err != nil {
		t.Fatal(err)
	}
	empty, huge := "", strings.Repeat("a man ", 1<<18)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name  string
		edit  func(r *Request)
		error string // what the error must name; empty: none
	}{
		{"as it is", func(r *Request) {}, ""},
		{"negative width", func(r *Request) { r.Width = -8 }, "Width"},
		{"odd width", func(r *Request) { r.Width = 870 }, "Width: 870"},
		{"negative height", func(r *Request) { r.Height = -64 }, "Height"},
		{"odd height", func(r *Request) { r.Height = 33 }, "Height"},
		{"huge width", func(r *Request) { r.Width = 1 << 40 }, "Width"},
		{"negative steps", func(r *Request) { r.Steps = -1 }, "Steps"},
		{"too many steps", func(r *Request) { r.Steps = 1001 }, "Steps"},
		{"a billion steps", func(r *Request) { r.Steps = 1e9 }, "Steps"},
		{"NaN guidance", func(r *Request) { r.Guidance.Scale = nan }, "Guidance.Scale"},
		{"infinite guidance", func(r *Request) { r.Guidance.Scale = inf }, "Guidance.Scale"},
		{"guidance before the run", func(r *Request) { r.Guidance.From = -0.1 }, "Guidance.From"},
		{"NaN start of guidance", func(r *Request) { r.Guidance.From = nan }, "Guidance.From"},
		{"guidance after the run", func(r *Request) { r.Guidance.Until = 1.5 }, "Guidance.Until"},
		{"NaN end of guidance", func(r *Request) { r.Guidance.Until = nan }, "Guidance.Until"},
		{"guidance that ends before it begins", func(r *Request) { r.Guidance.From, r.Guidance.Until = 0.6, 0.4 }, "Guidance.Until"},
		{"guidance between two steps", func(r *Request) { r.Guidance.From, r.Guidance.Until = 0.4, 0.6 }, ""},
		{"guidance of one step", func(r *Request) { r.Guidance.From, r.Guidance.Until = 0.5, 1 }, ""},
		{"rescale beyond 1", func(r *Request) { r.Guidance.Rescale = 1.1 }, "Guidance.Rescale"},
		{"infinite rescale", func(r *Request) { r.Guidance.Rescale = inf }, "Guidance.Rescale"},
		{"rescale", func(r *Request) { r.Guidance.Rescale = 0.7 }, ""},
		{"unknown sampler", func(r *Request) { r.Sampler = "Euler" }, `Sampler: "Euler" is not one of euler, `},
		{"unknown schedule", func(r *Request) { r.Schedule = "cosine" }, `Schedule: "cosine"`},
		{"a schedule that the sampler lacks", func(r *Request) { r.Sampler, r.Schedule = "ddim", "karras" }, `Schedule: "karras"`},
		{"a schedule of one step", func(r *Request) { r.Schedule, r.Steps = "karras", 1 }, "Steps: sampler: steps: 1"},
		{"too many steps of a distilled model", func(r *Request) { r.Sampler, r.Steps = "lcm", 51 }, "Steps"},
		{"noise of another torch", func(r *Request) { r.Noise = "torch-2.15" }, ""},
		{"unknown noise", func(r *Request) { r.Noise = "2.15" }, `Noise: "2.15" is not one of [torch-2.6 torch-2.15]`},
		{"negative guidance", func(r *Request) { r.Guidance.Scale = -3 }, ""},
		{"empty face", func(r *Request) { r.Face = image.NewRGBA(image.Rectangle{}) }, "Face"},
		{"face of one pixel", func(r *Request) { r.Face = image.NewGray(image.Rect(0, 0, 1, 1)) }, ""},
		{"long face", func(r *Request) { r.Face = image.NewUniform(image.Black.C) }, ""},
		{"face of one row", func(r *Request) { r.Face = image.NewGray(image.Rect(0, 0, 100_000, 1)) }, ""},
		{"face and photo", func(r *Request) { r.Face = image.NewGray(image.Rect(0, 0, 9, 9)); r.Photo = r.Face }, "Face"},
		{"endless photo", func(r *Request) { r.Photo = image.NewUniform(image.Black.C) }, "Photo"},
		{"photo of one row", func(r *Request) { r.Photo = image.NewGray(image.Rect(0, 0, 60_000, 1)) }, "Photo"},
		{"person without a photo", func(r *Request) { r.Person = "largest" }, "Person"},
		{"emoji", func(r *Request) { r.Prompt = "👩‍🚀🌃👍🏽" }, ""},
		{"empty negative", func(r *Request) { r.Guidance.Negative = &empty }, ""},
		{"long prompt", func(r *Request) { r.Prompt = strings.Repeat("a man, ", 9362) }, ""},
		{"huge prompt", func(r *Request) { r.Prompt = strings.Repeat("a", 64<<10+1) }, "Prompt: has 65537"},
		{"huge negative", func(r *Request) { r.Guidance.Negative = &huge }, "Guidance.Negative: has"},
		{"invalid prompt", func(r *Request) { r.Prompt = "\xff\xfe\x00 \xc3" }, ""},
		{"foreign condition", func(r *Request) { *r = Request{Condition: foreign} }, "Condition"},
		{"condition and prompt", func(r *Request) { r.Condition = foreign }, "Condition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := small()
			c.edit(r)
			img, err := p.Generate(context.Background(), r)
			switch {
			case c.error == "" && err != nil:
				t.Fatal(err)
			case c.error != "" && (err == nil || img != nil || !strings.Contains(err.Error(), "Request."+c.error)):
				t.Fatalf("got %v, want an error that names Request.%s", err, c.error)
			}
			if resolved, other := p.Resolve(r); fmt.Sprint(err) != fmt.Sprint(other) || (resolved == nil) != (err != nil) {
				t.Errorf("Resolve gives %v, Generate %v", other, err)
			}
			var request *RequestError
			if field, _, _ := strings.Cut(c.error, ":"); err != nil && (!errors.As(fmt.Errorf("wrapped: %w", err), &request) || request.Field != field) {
				t.Errorf("%#v is not about the field %s", err, field)
			}
		})
	}
	if _, err := p.Generate(context.Background(), nil); err == nil {
		t.Error("a nil request is no error")
	}
}

func TestDefaults(t *testing.T) {
	for model, want := range map[string]struct {
		guidance float32
		negative string
	}{"sdxl": {5, "nude, "}, "flux": {3.5, "digital painting, "}} {
		r, err := openFS(t, minis[model], nil).Resolve(&Request{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Width != 864 || r.Height != 1152 || r.Steps != 50 || r.Guidance.Scale != want.guidance || !strings.HasPrefix(*r.Guidance.Negative, want.negative) || r.Seed != 0 || r.Noise != "torch-2.6" {
			t.Errorf("%s: defaults: %+v", model, r)
		}
	}
}

// TestFLUXRequests checks what is not as it is with the other pipeline.
func TestFLUXRequests(t *testing.T) {
	p := openFLUXMini(t, nil)
	r := small16()
	r.Width = 40
	if _, err := p.Generate(context.Background(), r); err == nil || !strings.Contains(err.Error(), "Request.Width: 40 is not a multiple of 16") {
		t.Errorf("got %v", err)
	}
	c, err := p.Encode(context.Background(), &Request{Prompt: "a man"})
	must(t, err)
	for _, guidance := range []float32{1, 3} {
		r := small16()
		r.Guidance.Scale = guidance
		want := generate(t, p, r)
		got := generate(t, p, &Request{Condition: c, Width: r.Width, Height: r.Height, Steps: r.Steps, Guidance: Guidance{Scale: guidance}})
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("guidance %v: the condition gives another picture", guidance)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := p.Encode(ctx, &Request{Prompt: "a man", Width: 1 << 16, Height: 1 << 16}); !errors.Is(err, context.DeadlineExceeded) && err != nil {
		t.Errorf("Encode for a picture of 65536×65536: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Encode took %v", took)
	}
}

// TestMemoryLimit checks that what cannot be afforded is refused before anything runs.
func TestMemoryLimit(t *testing.T) {
	p := openMini(t, &Options{Memory: 64 << 20})
	for _, size := range []int{4096, 1 << 16} {
		r := small()
		r.Width, r.Height = size, size
		r.Observe = func(stage string, _ tensor.Tensor) { t.Errorf("%d: %s has run", size, stage) }
		_, err := p.Generate(context.Background(), r)
		var memory *backend.MemoryError
		if !errors.As(err, &memory) || memory.Need <= memory.Have || memory.Have != 64<<20 {
			t.Errorf("%d: got %v, want a MemoryError", size, err)
		}
		if _, resolved := p.Resolve(r); fmt.Sprint(resolved) != fmt.Sprint(err) {
			t.Errorf("Resolve gives %v, Generate %v", resolved, err)
		}
	}
	if _, err := p.Generate(context.Background(), small()); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
	if _, err := OpenFS(context.Background(), minis["sdxl"], &Options{Memory: 1 << 20}); !errors.As(err, new(*backend.MemoryError)) {
		t.Errorf("Open with a limit of 1 MiB: %v", err)
	}
	// What Encode needs does not depend on the size.
	if _, err := p.Encode(context.Background(), &Request{Prompt: "a man", Width: 4096, Height: 4096}); err != nil {
		t.Errorf("Encode: %v", err)
	}
}

// TestCondition checks that an encoded condition gives the same picture, at any guidance.
func TestCondition(t *testing.T) {
	p := openMini(t, nil)
	c, err := p.Encode(context.Background(), &Request{Prompt: "a man", Face: readImage(t, "testdata/sdxl/face.png")})
	if err != nil {
		t.Fatal(err)
	}
	for _, guidance := range []float32{1, 4} {
		r := small()
		r.Face, r.Guidance.Scale = readImage(t, "testdata/sdxl/face.png"), guidance
		want := generate(t, p, r)
		got := generate(t, p, &Request{Condition: c, Width: r.Width, Height: r.Height, Steps: r.Steps, Guidance: Guidance{Scale: guidance}})
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("guidance %v: the condition gives another picture", guidance)
		}
	}
}

// TestNoise checks that a request's noise is what torch draws, and that of a seed the low 32 bits count.
func TestNoise(t *testing.T) {
	p := openMini(t, nil)
	for noise, like := range map[string]sampler.Torch{"": sampler.Torch26, "torch-2.6": sampler.Torch26, "torch-2.15": sampler.Torch215} {
		r := small()
		r.Noise, r.Seed = noise, 453563-1<<32
		got := tensor.Float32s(observe(t, p, r)["noise"])
		if want := sampler.NewGenerator(453563, like).Normal(len(got), tensor.BF16); !slices.Equal(got, want) {
			t.Errorf("noise %q: got %v, want %v", noise, got, want)
		}
	}
}

func generate(t *testing.T, p *Pipeline, r *Request) *image.NRGBA {
	t.Helper()
	img, err := p.Generate(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.NRGBA)
}

// TestFluxTooLarge checks that an error about the schedule names the fields.
func TestFluxTooLarge(t *testing.T) {
	p := openFS(t, minis["flux"], nil)
	if _, err := p.Plan(&Request{Width: 65536, Height: 65536}); err == nil || !strings.Contains(err.Error(), "Request.Width: 65536 and Height 65536") {
		t.Errorf("got %v", err)
	}
}
