package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vbauerster/mpb/v8"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// TestBars checks that a bar which is ended early stays where it is.
func TestBars(t *testing.T) {
	steps := func(reports ...faceclip.Progress) string {
		var out bytes.Buffer
		r := &faceclip.Request{}
		end := drawSteps(r, mpb.New(mpb.WithOutput(&out), mpb.WithWidth(48), mpb.WithAutoRefresh()))
		for _, p := range reports {
			r.Progress(p)
		}
		end()
		return last(out.String())
	}
	size := func(done int64) string {
		var out bytes.Buffer
		o := &faceclip.ConvertOptions{}
		end := drawBytes(o, mpb.New(mpb.WithOutput(&out), mpb.WithWidth(48), mpb.WithAutoRefresh()))
		o.Progress(done, 4096)
		end()
		return last(out.String())
	}
	half := faceclip.Progress{Stage: faceclip.Denoising, Step: 5, Steps: 10}
	done := faceclip.Progress{Stage: faceclip.Done, Step: 10, Steps: 10}
	for _, c := range []struct {
		line, want string
		full       bool
	}{
		{steps(half), "5/10", false}, {steps(half, done), "10/10", true}, {steps(), "0/0", false},
		{size(1024), "25 %", false}, {size(4096), "100 %", true},
	} {
		if full := !strings.Contains(c.line, "-"); !strings.Contains(c.line, c.want) || full != c.full {
			t.Errorf("%q, want %q and a full bar: %v", c.line, c.want, c.full)
		}
	}
}

// last returns the line as it is left.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
