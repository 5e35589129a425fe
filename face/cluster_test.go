package face

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// randomHits returns hits of windows as scan has them, around as many places as there are hits of each.
func randomHits(r *rand.Rand, n, each int, reach float64) []hit {
	hits := make([]hit, n)
	var place hit
	for i := range hits {
		if i%each == 0 {
			place = hit{Point{reach * r.Float64(), reach * (r.Float64() - 0.5)}, 20 + 100*r.Float64(), 0, 0}
		}
		h := place
		h.centre.X += h.side * (r.Float64() - 0.5)
		h.centre.Y += h.side * (r.Float64() - 0.5)
		h.side *= 0.6 + r.Float64()
		h.angle, h.score = float64(r.IntN(5)), float64(1+r.IntN(9)) // many equal ones
		hits[i] = h
	}
	return hits
}

// TestCluster compares with looking at each pair of hits.
func TestCluster(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		hits := randomHits(r, r.IntN(300), 1+r.IntN(40), 30+3000*r.Float64())
		rest := byScore(hits)
		var want []hit
		for len(rest) > 0 {
			var sum hit
			best := rest[0]
			rest = slices.DeleteFunc(rest, func(h hit) bool {
				if h.near(best) {
					sum = hit{Point{sum.centre.X + h.score*h.centre.X, sum.centre.Y + h.score*h.centre.Y},
						sum.side + h.score*h.side, sum.angle + h.score*h.angle, sum.score + h.score}
				}
				return h.near(best)
			})
			want = append(want, hit{Point{sum.centre.X / sum.score, sum.centre.Y / sum.score}, sum.side / sum.score, sum.angle / sum.score, sum.score})
		}
		want = byScore(want)
		if got := cluster(context.Background(), hits); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %d clusters, want %d", seed, len(got), len(want))
		}
	}
}

// TestClusterMany checks that the most hits that there may be are gathered soon, and that an ended context stops it.
func TestClusterMany(t *testing.T) {
	for name, each := range map[string]int{"all apart": 1, "like faces": 12, "all in one place": mostHits} {
		hits := randomHits(rand.New(rand.NewPCG(1, 5)), mostHits, each, 14_000)
		ctx, cancel := context.WithCancel(context.Background())
		start := time.Now()
		n := len(cluster(ctx, hits))
		took := time.Since(start)
		cancel()
		start = time.Now()
		stopped := cluster(ctx, hits)
		late := time.Since(start)
		t.Logf("%s: %d clusters in %v, stopped after %v", name, n, took, late)
		if stopped != nil || !testing.Short() && (took > 2*time.Second || late > 100*time.Millisecond) {
			t.Error(name)
		}
	}
}
