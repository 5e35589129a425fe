package face

import (
	"cmp"
	"math"
	"slices"
)

// cluster gathers the hits that mean the same face: position, size and angle are their mean, weighted by score, and the
// score is their sum. The best clusters come first.
func cluster(hits []hit) []hit {
	hits = slices.Clone(hits)
	byScore(hits)
	var clusters []hit
	for len(hits) > 0 {
		best := hits[0]
		var sum hit
		hits = slices.DeleteFunc(hits, func(h hit) bool {
			if !h.near(best) {
				return false
			}
			sum.centre.X += h.score * h.centre.X
			sum.centre.Y += h.score * h.centre.Y
			sum.side += h.score * h.side
			sum.angle += h.score * h.angle
			sum.score += h.score
			return true
		})
		w := sum.score
		clusters = append(clusters, hit{Point{sum.centre.X / w, sum.centre.Y / w}, sum.side / w, sum.angle / w, w})
	}
	byScore(clusters)
	return clusters
}

// byScore sorts hits, the best first. Equal ones keep their order, so that it is the same in each run.
func byScore(hits []hit) {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
}

// near tells whether two hits may mean the same face.
func (h hit) near(other hit) bool {
	distance := math.Hypot(h.centre.X-other.centre.X, h.centre.Y-other.centre.Y)
	return distance < 0.4*min(h.side, other.side) && max(h.side, other.side) < 1.7*min(h.side, other.side)
}
