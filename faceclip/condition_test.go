package faceclip

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestEncodeNoNegative encodes for guidance that takes no negative prompt: none is encoded, and what comes of it serves requests
// with such guidance only.
func TestEncodeNoNegative(t *testing.T) {
	p := openMini(t, nil)
	for name, c := range map[string]struct {
		steps    int
		guidance Guidance
		negative bool
	}{
		"guided":              {2, Guidance{}, true},
		"scale 1":             {2, Guidance{Scale: 1}, false},
		"scale -3":            {2, Guidance{Scale: -3}, false},
		"between two steps":   {2, Guidance{From: 0.4, Until: 0.6}, false},
		"in one of 50 steps":  {0, Guidance{From: 0.4, Until: 0.42}, true},
		"in the last of them": {2, Guidance{From: 0.6}, true},
	} {
		var stages []string
		r := &Request{Prompt: "a man", Steps: c.steps, Guidance: c.guidance}
		r.Observe = func(stage string, _ tensor.Tensor) { stages = append(stages, stage) }
		condition, err := p.Encode(context.Background(), r)
		must(t, err)
		if got := strings.Contains(strings.Join(stages, " "), "negative."); got != c.negative {
			t.Errorf("%s: a negative prompt is encoded: %v, want %v", name, got, c.negative)
		}
		unguided := small()
		unguided.Guidance.Scale = 1
		want := generate(t, p, unguided)
		unguided.Prompt, unguided.Condition = "", condition
		if got := generate(t, p, unguided); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: another picture without guidance", name)
		}
		guided := small()
		guided.Prompt, guided.Condition = "", condition
		_, err = p.Generate(context.Background(), guided)
		var request *RequestError
		if refused := errors.As(err, &request) && request.Field == "Condition"; refused == c.negative {
			t.Errorf("%s: a guided request gives %v", name, err)
		}
	}
}

// TestEncodeTold encodes for a model that is told the scale of guidance: it takes no negative prompt.
func TestEncodeTold(t *testing.T) {
	p := openTold(t)
	var negative bool
	r := &Request{Prompt: "a man", Observe: func(stage string, _ tensor.Tensor) { negative = negative || strings.HasPrefix(stage, "negative.") }}
	condition, err := p.Encode(context.Background(), r)
	must(t, err)
	if negative {
		t.Error("a negative prompt is encoded")
	}
	generate(t, p, &Request{Condition: condition, Width: 32, Height: 40, Steps: 2})
}

// TestEncodeProgress checks what Encode reports, with a negative prompt and without one.
func TestEncodeProgress(t *testing.T) {
	p := openMini(t, nil)
	for scale, want := range map[float32][]Progress{
		5: {{Stage: Encoding, Steps: 2}, {Stage: Encoding, Step: 1, Steps: 2}, {Stage: Done, Step: 2, Steps: 2}},
		1: {{Stage: Encoding, Steps: 1}, {Stage: Done, Step: 1, Steps: 1}},
	} {
		var got []Progress
		r := &Request{Prompt: "a man", Guidance: Guidance{Scale: scale}, Progress: func(pr Progress) { got = append(got, pr) }}
		_, err := p.Encode(context.Background(), r)
		must(t, err)
		if len(got) != len(want) {
			t.Fatalf("scale %v: %+v", scale, got)
		}
		for i, pr := range got {
			w := want[i]
			if pr.Stage != w.Stage || pr.Step != w.Step || pr.Steps != w.Steps || pr.Elapsed <= 0 || pr.Preview != nil ||
				(pr.Remaining > 0) != (pr.Step > 0 && pr.Stage != Done) {
				t.Errorf("scale %v, report %d: %+v, want %+v", scale, i, pr, w)
			}
		}
	}
}

// TestEncodeCancelled cancels after the first prompt.
func TestEncodeCancelled(t *testing.T) {
	p := openMini(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	r := &Request{Prompt: "a man", Progress: func(pr Progress) {
		if pr.Step == 1 {
			cancel()
		}
		if pr.Stage == Done {
			t.Error("a cancelled call is done")
		}
	}}
	if c, err := p.Encode(ctx, r); !errors.Is(err, context.Canceled) || c != nil {
		t.Errorf("got %v, %v", c, err)
	}
}
