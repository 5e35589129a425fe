package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
)

// showRecipes prints what each recipe takes, and saves of what the first takes. Times are left out where the speed is not known.
func showRecipes(p *faceclip.Pipeline, speed float64) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\n-recipe\tTFLOP\tsaves\ttime\t")
	first := int64(0)
	for _, recipe := range cli.Recipes {
		r := &faceclip.Request{}
		recipe.Apply(r, p)
		plan, err := p.Plan(r)
		if errors.As(err, new(*faceclip.RequestError)) { // of a sampler that the system does not have
			continue
		}
		if err != nil {
			return err
		}
		if first == 0 {
			first = plan.FLOPs
		}
		time := ""
		if speed > 0 {
			time = duration(float64(plan.FLOPs) / speed).String()
		}
		fmt.Fprintf(out, "%s\t%.3f\t%.0f %%\t%s\t  %s\n", recipe.Name, float64(plan.FLOPs)/1e12, 100*(1-float64(plan.FLOPs)/float64(first)), time, recipe.About)
	}
	return out.Flush()
}
