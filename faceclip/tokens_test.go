package faceclip

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// TestTokens counts prompts that are as long as the encoders read, and longer. How many tokens a text has is compared with others'
// tokenizers where they are tested; here a comma is one of each.
func TestTokens(t *testing.T) {
	sdxl, flux := openMini(t, nil), openFLUXMini(t, nil)
	commas := func(n int) string { return strings.Repeat(", ", n) }
	prefix := len(sdxl.system.networks.(*faceCLIPSDXL).clip.FaceCLIPEncode("Photo of a id person."))
	long := flux.system.networks.(*faceT5FLUX).sizes.Text.Tokens - 1
	t5 := func(prompt string) int {
		return flux.system.networks.(*faceT5FLUX).t5.Count(context.Background(), prompt)
	}
	empty, negative := "", commas(3)
	face := image.NewGray(image.Rect(0, 0, 9, 9))
	for _, c := range []struct {
		name string
		p    *Pipeline
		r    Request
		want []TokenCount
		cut  bool
	}{
		{"none", sdxl, Request{Guidance: Guidance{Negative: &empty}}, []TokenCount{{"Prompt", "clip", 0, 75}, {"Guidance.Negative", "clip", 0, 75}}, false},
		{"unguided", sdxl, Request{Prompt: commas(75), Guidance: Guidance{Scale: 1}}, []TokenCount{{"Prompt", "clip", 75, 75}}, false},
		{"cut", sdxl, Request{Prompt: commas(76), Guidance: Guidance{Scale: 1}}, []TokenCount{{"Prompt", "clip", 76, 75}}, true},
		{"far too long", sdxl, Request{Prompt: commas(30000), Guidance: Guidance{Scale: 1}}, []TokenCount{{"Prompt", "clip", 30000, 75}}, true},
		{"face", sdxl, Request{Prompt: commas(75), Face: face, Guidance: Guidance{Scale: 1}}, []TokenCount{{"Prompt", "clip", 75 + prefix, 75}}, true},
		{"negative", sdxl, Request{Face: face, Guidance: Guidance{Negative: &negative}}, []TokenCount{{"Prompt", "clip", prefix, 75}, {"Guidance.Negative", "clip", 3, 75}}, false},
		{"flux", flux, Request{Prompt: commas(80), Guidance: Guidance{Scale: 1}}, []TokenCount{{"Prompt", "clip", 80, 75}, {"Prompt", "t5", t5(commas(80)), long}}, true},
	} {
		got, err := c.p.Tokens(&c.r)
		must(t, err)
		cut := false
		for _, n := range got {
			cut = cut || n.Cut()
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || cut != c.cut {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if n := t5(strings.Repeat(", ", long+9)); n <= long {
		t.Errorf("a long text has %d tokens of T5, its encoder reads %d", n, long)
	}
}

func TestTokensErrors(t *testing.T) {
	p := openMini(t, nil)
	c, err := p.Encode(context.Background(), &Request{Prompt: "a man"})
	must(t, err)
	if got, err := p.Tokens(&Request{Condition: c}); err != nil || len(got) != 0 {
		t.Errorf("of a condition: %v, %v", got, err)
	}
	if _, err := p.Tokens(&Request{Width: 3}); !errors.As(err, new(*RequestError)) {
		t.Errorf("of an impossible request: %v", err)
	}
}

// TestCheck checks that Check gives what Resolve and Plan give, and their errors.
func TestCheck(t *testing.T) {
	p := openMini(t, nil)
	r := small()
	r.Width = 0
	resolved, plan, err := p.Check(r)
	must(t, err)
	want, err := p.Plan(r)
	must(t, err)
	if resolved.Width != 864 || resolved.Sampler != "euler" || plan.FLOPs != want.FLOPs || plan.Private != want.Private || len(plan.Stages) != 3 {
		t.Errorf("got %+v and %+v, want the plan %+v", resolved, plan, want)
	}
	r.Photo = image.NewGray(image.Rect(0, 0, 64, 64))
	var request *RequestError
	if _, _, err := p.Check(r); !errors.As(err, &request) || request.Field != "Photo" {
		t.Errorf("a photo of nobody: %v", err)
	}
	if _, _, err := openMini(t, &Options{Memory: 64 << 20}).Check(&Request{Width: 4096, Height: 4096}); !errors.As(err, new(*backend.MemoryError)) {
		t.Errorf("beyond the limit: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if resolved, _, err := p.CheckContext(ctx, small()); !errors.Is(err, context.Canceled) || resolved != nil {
		t.Errorf("with a context that has ended: %v", err)
	}
}
