package face

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// cluster gathers the hits that mean the same face: position, size and angle are their mean, weighted by score, and the
// score is their sum. The best clusters come first. There are none if the context ends.
func cluster(ctx context.Context, hits []hit) []hit {
	hits = byScore(hits)
	g := newGrid(ctx, hits)
	gathered := make([]bool, len(hits))
	var clusters []hit
	for i, best := range hits {
		if ctx.Err() != nil {
			return nil
		}
		if gathered[i] {
			continue
		}
		var sum hit
		for _, i := range g.take(best) {
			gathered[i] = true
			h := hits[i]
			sum.centre.X += h.score * h.centre.X
			sum.centre.Y += h.score * h.centre.Y
			sum.side += h.score * h.side
			sum.angle += h.score * h.angle
			sum.score += h.score
		}
		w := sum.score
		clusters = append(clusters, hit{Point{sum.centre.X / w, sum.centre.Y / w}, sum.side / w, sum.angle / w, w})
	}
	return byScore(clusters)
}

// byScore returns hits, the best first. Equal ones keep their order, so that it is the same in each run.
func byScore(hits []hit) []hit {
	order := make([]int, len(hits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(hits[b].score, hits[a].score), cmp.Compare(a, b)) })
	sorted := make([]hit, len(hits))
	for i, from := range order {
		sorted[i] = hits[from]
	}
	return sorted
}

// near tells whether two hits may mean the same face.
func (h hit) near(other hit) bool {
	distance := math.Hypot(h.centre.X-other.centre.X, h.centre.Y-other.centre.Y)
	return distance < 0.4*min(h.side, other.side) && max(h.side, other.side) < 1.7*min(h.side, other.side)
}

// A cell has hits of about the same size and position: sides from 2^size to twice that, centres in a square of 2^size.
type cell struct{ size, x, y int }

// cell returns where among those of a size the centre of a hit is.
func (h hit) cell(size int) cell {
	side := math.Ldexp(1, size)
	return cell{size, int(math.Floor(h.centre.X / side)), int(math.Floor(h.centre.Y / side))}
}

// A grid has the indices of hits by their cells. To compare each hit with each takes seconds where there are many.
type grid struct {
	hits  []hit
	cells map[cell][]int
}

func newGrid(ctx context.Context, hits []hit) grid {
	g := grid{hits, map[cell][]int{}}
	for i, h := range hits {
		if ctx.Err() != nil {
			break
		}
		c := h.cell(math.Ilogb(h.side))
		g.cells[c] = append(g.cells[c], i)
	}
	return g
}

// take removes the hits that are near one, and returns them in their order. They are in its cell or in the next ones.
func (g grid) take(one hit) (taken []int) {
	own := math.Ilogb(one.side)
	for size := own - 1; size <= own+1; size++ {
		c := one.cell(size)
		for y := c.y - 1; y <= c.y+1; y++ {
			for x := c.x - 1; x <= c.x+1; x++ {
				taken = append(taken, g.takeFrom(cell{size, x, y}, one)...)
			}
		}
	}
	slices.Sort(taken)
	return taken
}

func (g grid) takeFrom(c cell, one hit) (taken []int) {
	all, ok := g.cells[c]
	if !ok {
		return nil
	}
	g.cells[c] = slices.DeleteFunc(all, func(i int) bool {
		near := g.hits[i].near(one)
		if near {
			taken = append(taken, i)
		}
		return near
	})
	return taken
}
