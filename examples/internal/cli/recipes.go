package cli

import (
	"fmt"
	"strings"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// A Recipe is a way to draw that trades time for quality; docs/recipes.md has what each costs.
type Recipe struct {
	Name  string
	About string

	steps    int
	sampler  string
	schedule string  // of FaceCLIP-SDXL; FaceT5-FLUX keeps that of its scheduler_config.json
	scale    float32 // of guidance; 0: the default
}

// Recipes are all recipes, the slowest first.
var Recipes = []Recipe{
	{Name: "reference", About: "what the reference does", steps: 50},
	{Name: "25-steps", About: "DPM++ 2M", steps: 25, sampler: "dpm++2m", schedule: "karras"},
	{Name: "12-steps", About: "DPM++ 2M", steps: 12, sampler: "dpm++2m", schedule: "karras"},
	{Name: "4-steps", About: "LCM, unguided, of distilled models only", steps: 4, sampler: "lcm", scale: 1},
}

// recipe returns the recipe of a name.
func recipe(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("-recipe %s: want one of %s", name, strings.Join(names, ", "))
}

// Apply makes a request to p follow the recipe.
func (c Recipe) Apply(r *faceclip.Request, p *faceclip.Pipeline) {
	r.Steps, r.Sampler, r.Schedule = c.steps, c.sampler, ""
	r.Guidance.From, r.Guidance.Until, r.Guidance.Rescale = 0, 0, 0
	if diffuses(p) {
		r.Schedule = c.schedule
	}
	if c.scale != 0 {
		r.Guidance.Scale = c.scale
	}
}

// diffuses reports whether the pipeline is one of FaceCLIP-SDXL, whose denoiser removes added noise.
func diffuses(p *faceclip.Pipeline) bool {
	for _, c := range p.Components() {
		if c.Name == "unet" {
			return true
		}
	}
	return false
}
