package likeness

import (
	"image"
	"image/color"
	"math"
	"slices"
)

// A Portrait is a picture of a person of a set in one of their scenes, with what was read off it.
type Portrait struct {
	Person, Scene int
	Image         image.Image
	Reading
}

// Gallery is how many persons one is to be told from.
const Gallery = 40

// Measure returns figures by name, each with its value for every portrait that it is about.
func (r *Reader) Measure(portraits []Portrait) map[string][]float64 {
	found := map[string][]float64{}
	note := func(name string, right bool) {
		v := 0.0
		if right {
			v = 1
		}
		found[name] = append(found[name], v)
	}
	for _, p := range portraits {
		person := r.set.Persons[p.Person]
		scene := person.Scenes[p.Scene]
		note("identity", r.rank(p) == 0)
		different := 0.0
		for i, c := range r.set.Traits {
			read := argmax(p.Traits[i])
			if note(c.Name, read == person.Traits[i]); read != person.Traits[i] {
				different++
			}
			if c.Name == "glasses" {
				note("glasses or not", (c.Values[read] == "none") == (c.Values[person.Traits[i]] == "none"))
			}
		}
		found["traits that differ"] = append(found["traits that differ"], different)
		for i, c := range r.set.SceneTraits {
			note(c.Name, argmax(p.SceneTraits[i]) == scene.Traits[i])
		}
		note("eyes and mouth", slices.Min(p.Parts) > 0)
		places := r.set.Regions.Shoulders
		if slices.Contains(r.set.Regions.HairOnShoulders, value(r.set.Traits, "hair_style", person.Traits)) {
			places = r.set.Regions.Chest
		}
		note("clothes seen", r.set.nearest(p.Image, places) == value(r.set.SceneTraits, "clothes_color", scene.Traits))
		if value(r.set.SceneTraits, "place", scene.Traits) == "wall" {
			note("wall seen", r.set.nearest(p.Image, r.set.Regions.Wall) == value(r.set.SceneTraits, "wall_color", scene.Traits))
		}
	}
	return found
}

// rank returns how many of the gallery that the portrait's person is in fit it better than they.
func (r *Reader) rank(p Portrait) int {
	first := p.Person / Gallery * Gallery
	own, better := r.fit(p.Reading, r.set.Persons[p.Person]), 0
	for _, other := range r.set.Persons[first:min(first+Gallery, len(r.set.Persons))] {
		if r.fit(p.Reading, other) > own {
			better++
		}
	}
	return better
}

// fit returns how well a person fits what was read: a sum of logarithms of probabilities. No trait alone rules a person out.
func (r *Reader) fit(v Reading, p Person) float64 {
	const least = -6
	score := 0.0
	for i, scores := range v.Traits {
		score += max(least, logSoftmax(scores, p.Traits[i]))
	}
	for i, n := range v.Numbers {
		off := (float64(n) - p.Numbers[i]) / (float64(r.Deviation[i]) + 0.1)
		score -= min(off*off, -2*least) / 2
	}
	return score
}

func logSoftmax(scores []float32, i int) float64 {
	most, sum := float64(slices.Max(scores)), 0.0
	for _, s := range scores {
		sum += math.Exp(float64(s) - most)
	}
	return float64(scores[i]) - most - math.Log(sum)
}

func argmax(scores []float32) int { return slices.Index(scores, slices.Max(scores)) }

// nearest returns the colour of the palette that most pixels of some places are nearest to.
func (s *Set) nearest(img image.Image, places [][4]int) string {
	votes := make([]int, len(s.Palette))
	b := img.Bounds().Min
	for _, place := range places {
		for y := place[0]; y < place[1]; y++ {
			for x := place[2]; x < place[3]; x++ {
				votes[s.vote(img.At(b.X+x, b.Y+y))]++
			}
		}
	}
	return s.Palette[slices.Index(votes, slices.Max(votes))].Name
}

// vote returns the index of the colour of the palette that is nearest.
func (s *Set) vote(c color.Color) int {
	seen := color.NRGBAModel.Convert(c).(color.NRGBA)
	best, least := 0, math.MaxInt
	for i, p := range s.Palette {
		d := 0
		for k, v := range []uint8{seen.R, seen.G, seen.B} {
			d += (int(v) - p.RGB[k]) * (int(v) - p.RGB[k])
		}
		if d < least {
			best, least = i, d
		}
	}
	return best
}
