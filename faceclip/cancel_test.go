package faceclip

import (
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestCancelAnywhere ends the context of every call that takes one at random moments, with large photos, large pictures and long
// prompts. Each returns within 100 ms.
func TestCancelAnywhere(t *testing.T) {
	rounds := 1
	if *long {
		rounds = 17
	}
	photo := image.NewNRGBA(image.Rect(0, 0, 4000, 3000))
	small := photoOf(readImage(t, "testdata/sdxl/face.png"))
	for i := range photo.Pix { // many times the person
		x, y := i/4%4000, i/4/4000
		photo.Pix[i] = small.(*image.NRGBA).Pix[y%688*2752+x%688*4+i%4]
	}
	large := func() *Request { return &Request{Prompt: "a man", Width: 4096, Height: 2048, Steps: 2} }
	previewed := func() *Request {
		r := large()
		r.Width, r.Height, r.Steps = 256, 256, 100
		r.Progress = func(p Progress) {
			if p.Preview != nil {
				p.Preview()
			}
		}
		return r
	}
	type work = func(context.Context, *Pipeline, *Request) error
	generate := func(ctx context.Context, p *Pipeline, r *Request) error { _, err := p.Generate(ctx, r); return err }
	worst, calls := map[string]time.Duration{}, 0
	for system, files := range minis {
		dir := copyOf(t, files)
		p, err := Open(context.Background(), dir, nil)
		must(t, err)
		defer p.Close()
		for name, c := range map[string]struct {
			within time.Duration
			r      *Request
			do     work
		}{
			"Open": {20 * time.Millisecond, nil, func(ctx context.Context, _ *Pipeline, _ *Request) error {
				p, err := Open(ctx, dir, nil)
				if err == nil {
					return p.Close()
				}
				return err
			}},
			"photo":   {time.Second, &Request{Photo: photo}, generate},
			"large":   {time.Second, large(), generate},
			"preview": {time.Second, previewed(), generate},
			"resolve": {time.Second, &Request{Photos: []image.Image{photo, photo}}, func(ctx context.Context, p *Pipeline, r *Request) error {
				_, err := p.ResolveContext(ctx, r)
				return err
			}},
			"plan": {50 * time.Millisecond, &Request{Prompt: strings.Repeat("a", maxPrompt)}, func(ctx context.Context, p *Pipeline, r *Request) error {
				_, err := p.PlanContext(ctx, r)
				return err
			}},
			"encode": {300 * time.Millisecond, &Request{Prompt: strings.Repeat("\xff", maxPrompt)}, func(ctx context.Context, p *Pipeline, r *Request) error {
				_, err := p.Encode(ctx, r)
				return err
			}},
		} {
			for range rounds {
				after, late := rand.N(c.within), time.Hour
				for try := 0; late > 100*time.Millisecond && try < 3; try++ { // now and then the machine is late, which is not so again
					late = lateness(t, after, func(ctx context.Context) error { return c.do(ctx, p, c.r) })
				}
				calls++
				worst[name] = max(worst[name], late)
				if late > 100*time.Millisecond && !testing.Short() {
					t.Errorf("%s: %s: %v late", system, name, late)
				}
			}
		}
	}
	t.Logf("%d calls, late by at most %v", calls, worst)
}

// lateness returns how long a call goes on after its context ends, which is after some time or as it ends by itself.
func lateness(t *testing.T, after time.Duration, call func(context.Context) error) time.Duration {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() { ended <- time.Now(); cancel() })
	err := call(ctx)
	done := time.Now()
	if timer.Stop() {
		return 0
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.As(err, new(*RequestError)) { // of several people in the photo
		t.Error(err)
	}
	return done.Sub(<-ended)
}
