package faceclip

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/mini"
)

// TestResidency checks for many budgets that what stays, and the two blocks that are in use or on their way, fit.
func TestResidency(t *testing.T) {
	for range 200 {
		r := residency{sizes: []int64{rand.Int64N(100)}}
		var all, largest int64
		for range 1 + rand.IntN(60) {
			size := 1 + rand.Int64N(1000)
			r.sizes = append(r.sizes, size)
			all, largest = all+size, max(largest, size)
		}
		budget := rand.Int64N(2 * (all + 100))
		outside, sizes := r.sizes[0], r.sizes
		r = residencyOf(sizes, budget)
		switch {
		case all+outside <= budget && r.streams():
			t.Errorf("%v: budget %d is enough, but %v", sizes, budget, r.stays)
		case all+outside > budget && !r.streams():
			t.Errorf("%v: budget %d is not enough, but all stays", sizes, budget)
		case r.streams() && r.bytes > outside && r.bytes+2*largest > budget:
			t.Errorf("%v: budget %d, %d stay", sizes, budget, r.bytes)
		}
		uses, once := make([]int, len(sizes)), make([]int, len(sizes))
		for i := range uses {
			uses[i], once[i] = 2, 1
		}
		if got, want := r.read(uses), 2*(all+outside-r.bytes); got != want || r.read(once) != want/2 {
			t.Errorf("%v: two passes read %d bytes, want %d", sizes, got, want)
		}
		// What stays is spread, so that the budget's share of any beginning of the pass is used but for one block.
		if spare := budget - 2*largest - outside - (r.bytes - outside); r.streams() && budget > outside+2*largest && spare > 2*largest {
			t.Errorf("%v: budget %d, %d stay, %d more would fit", sizes, budget, r.bytes, spare)
		}
	}
}

// TestStreamed checks that a guided step of FLUX, which is two forwards, reads twice what one of them reads.
func TestStreamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	must(t, os.CopyFS(dir, mini.FLUX()))
	p, err := Open(context.Background(), dir, nil)
	must(t, err)
	defer p.Close()
	p.limit = 1 // nothing stays
	guided, err := p.Plan(&Request{Guidance: 2})
	must(t, err)
	single, err := p.Plan(&Request{Guidance: 1})
	must(t, err)
	for _, stage := range []Stage{Encoding, Denoising} {
		two, one := guided.Stages[stage], single.Stages[stage]
		if one.Streamed == 0 || two.Streamed != 2*one.Streamed || two.Resident != one.Resident || one.Streamed+one.Resident > one.Mapped {
			t.Errorf("%v: guided %+v, else %+v", stage, two, one)
		}
	}
}

// TestStreaming draws with less memory than the weights take: the picture is the same, and the plan says what is read.
func TestStreaming(t *testing.T) {
	for model, files := range minis {
		dir := filepath.Join(t.TempDir(), "model")
		must(t, os.CopyFS(dir, files()))
		p, err := Open(context.Background(), dir, nil)
		must(t, err)
		defer p.Close()
		j, err := p.resolve(small16())
		must(t, err)
		plan, err := p.plan(j)
		must(t, err)
		want, err := p.draw(context.Background(), j, plan)
		must(t, err)
		for quarters := range int64(4) {
			for stage := range plan.Stages {
				s := &plan.Stages[stage]
				if s.Streamed != 0 || s.Resident > s.Mapped {
					t.Errorf("%s: enough memory: %+v", model, s)
				}
				s.residency = residencyOf(p.net.components()[stage].sizes, quarters*s.Resident/4)
				if stage != int(Decoding) && !s.residency.streams() {
					t.Errorf("%s: %v: a part of the memory is enough", model, s.Stage)
				}
			}
			for range 2 {
				if got, err := p.draw(context.Background(), j, plan); err != nil || !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%s: %d/4 of the weights in memory: another picture, %v", model, quarters, err)
				}
			}
		}
	}
}
