package faceclip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/faceclip-go/faceclip-go/face"
)

// TestFaceErrors checks that what is wrong with a photo is the cause of a request's error, whatever wraps it.
func TestFaceErrors(t *testing.T) {
	p := openMini(t, nil)
	one, two := readImage(t, "testdata/sdxl/face.png"), readImage(t, "testdata/flux/face.png")
	for _, c := range []struct {
		field  string
		cause  any
		photos []image.Image
		person string
	}{
		{"Photo", new(face.NotFoundError), []image.Image{image.NewGray(image.Rect(0, 0, 448, 448))}, ""},
		{"Photo", new(face.SeveralError), []image.Image{photoOf(one, two)}, ""},
		{"Person", new(face.PersonError), []image.Image{photoOf(one, two)}, "7"},
		{"Photos[1]", new(face.NotFoundError), []image.Image{photoOf(one), image.NewGray(image.Rect(0, 0, 448, 448))}, ""},
	} {
		r := small()
		if r.Person = c.person; len(c.photos) == 1 {
			r.Photo = c.photos[0]
		} else {
			r.Photos = c.photos
		}
		_, generated := p.Generate(context.Background(), r)
		_, encoded := p.Encode(context.Background(), r)
		_, resolved := p.Resolve(r)
		for _, err := range []error{generated, encoded, resolved} {
			var request *RequestError
			if err = fmt.Errorf("wrapped: %w", err); !errors.As(err, &request) || request.Field != c.field || !errors.As(err, c.cause) {
				t.Errorf("got %v, want one of Request.%s with the cause %T", err, c.field, c.cause)
			}
		}
	}
}

// TestFacesBeforeTurn gives a photo of nobody while another call has its turn: the error does not wait for it.
func TestFacesBeforeTurn(t *testing.T) {
	p := openMini(t, nil)
	r, done := small(), false
	r.Progress = func(pr Progress) {
		if pr.Stage != Denoising || pr.Step != 1 {
			return
		}
		bad := small()
		bad.Photo = image.NewGray(image.Rect(0, 0, 448, 448))
		if _, err := p.Generate(context.Background(), bad); !errors.As(err, new(face.NotFoundError)) {
			t.Errorf("got %v", err)
		}
		done = true
	}
	if generate(t, p, r); !done {
		t.Error("no step was reported")
	}
}

// TestCause checks that a cancelled call tells why, and still is one that was cancelled.
func TestCause(t *testing.T) {
	why := errors.New("the client has gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	dir := copyMini(t)
	p := openMini(t, nil)
	r := small()
	r.Progress = func(pr Progress) {
		if pr.Step == 1 {
			cancel(why)
		}
	}
	check := func(call string, err error) {
		if !errors.Is(err, why) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", call, err)
		}
	}
	_, err := p.Generate(ctx, r)
	check("Generate", err)
	_, err = p.Generate(ctx, small())
	check("Generate with a context that has ended", err)
	_, err = p.Encode(ctx, small())
	check("Encode", err)
	c, err := p.Encode(context.Background(), small())
	must(t, err)
	_, err = p.Encode(ctx, &Request{Condition: c})
	check("Encode what is encoded", err)
	r.Photo = photoOf(readImage(t, "testdata/sdxl/face.png"))
	_, err = p.Generate(ctx, r)
	check("Generate with a photo", err)
	_, err = Open(ctx, dir, nil)
	check("Open", err)
	check("Convert", Convert(ctx, dir, filepath.Join(t.TempDir(), "to"), nil))
}

// TestLatePreview asks for previews from several goroutines, some of which are late: those get an error, and disturb nothing.
func TestLatePreview(t *testing.T) {
	p := openMini(t, nil)
	want := generate(t, p, small())
	r := small()
	var calls sync.WaitGroup
	var late func() (image.Image, error)
	r.Progress = func(pr Progress) {
		if pr.Preview == nil {
			return
		}
		late = pr.Preview
		for range 3 {
			calls.Go(func() {
				if img, err := pr.Preview(); (img == nil) == (err == nil) {
					t.Errorf("got %v, %v", img, err)
				}
			})
		}
	}
	if got := generate(t, p, r); !bytes.Equal(got.Pix, want.Pix) {
		t.Error("another picture than without previews")
	}
	calls.Wait()
	if img, err := late(); err == nil || img != nil {
		t.Errorf("got %v, %v", img, err)
	}
}

// TestPanickingProgress recovers from a panic of the caller's Progress: a preview is then late, and the pipeline stays usable.
func TestPanickingProgress(t *testing.T) {
	p := openMini(t, nil)
	r := small()
	var late func() (image.Image, error)
	r.Progress = func(pr Progress) {
		if late = pr.Preview; late != nil {
			panic("a mistake of the caller's")
		}
	}
	func() {
		defer func() { recover() }()
		p.Generate(context.Background(), r)
		t.Error("no panic")
	}()
	if img, err := late(); err == nil || img != nil {
		t.Errorf("got %v, %v", img, err)
	}
	generate(t, p, small())
}

// TestResolvedNegative changes the negative prompt of a resolved request: it is the caller's.
func TestResolvedNegative(t *testing.T) {
	p := openMini(t, nil)
	want := generate(t, p, small())
	r, err := p.Resolve(small())
	must(t, err)
	*r.Guidance.Negative = "something else"
	if got := generate(t, p, small()); !bytes.Equal(got.Pix, want.Pix) {
		t.Error("another request has changed")
	}
}

// TestPlanAbsurd plans what nobody can draw: the counts do not overflow, and it takes neither time nor memory.
func TestPlanAbsurd(t *testing.T) {
	for name, p := range map[string]*Pipeline{"sdxl": openMini(t, nil), "flux": openFLUXMini(t, nil)} {
		side := map[string]int{"sdxl": maxSide, "flux": 8192}[name]
		r := &Request{Width: side, Height: side, Steps: maxSteps, Progress: func(Progress) {}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		plan, err := p.Plan(r)
		must(t, err)
		runtime.ReadMemStats(&after)
		took, bytes := time.Since(began), after.TotalAlloc-before.TotalAlloc
		t.Logf("%s: %v, %d bytes; %d FLOPs, %d private", name, took, bytes, plan.FLOPs, plan.Private)
		if took > 2*time.Second || bytes > 64<<20 {
			t.Errorf("%s: planning took %v and %d bytes", name, took, bytes)
		}
		if plan.FLOPs <= plan.Stages[Denoising].FLOPs && plan.FLOPs != math.MaxInt64 || plan.Stages[Denoising].FLOPs <= 0 || plan.Private <= 0 {
			t.Errorf("%s: %+v", name, plan)
		}
	}
}

// TestLongMessages checks that a message does not repeat all of what a request or a file says.
func TestLongMessages(t *testing.T) {
	p := openMini(t, nil)
	r := small()
	r.Person = strings.Repeat("é", 1<<20)
	_, generated := p.Generate(context.Background(), r)
	_, planned := p.Plan(r)
	dir := copyMini(t)
	replace("unet/config.json", "DownBlock2D", strings.Repeat("x", 1<<14))(t, dir)
	_, opened := Open(context.Background(), dir, nil)
	for name, err := range map[string]error{"Person": generated, "Request.Person": planned, "down_block_types": opened} {
		if err == nil || len(err.Error()) > 2*maxMessage || !utf8.ValidString(err.Error()) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %.100v", name, err)
		}
	}
	if !errors.As(generated, new(*RequestError)) || !errors.As(planned, new(*RequestError)) {
		t.Error("the cause is lost")
	}
}
