// Inspect shows what a pipeline is, what is in a model's folder, and what a picture of the default size would take:
//
//	go run ./examples/inspect -model DIR
//
// With -estimate it also says how long that would take here, after measuring for a second how fast this machine multiplies; with
// -device cuda, how long it would take on some GPUs at least, whether there is one or not.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/faceclip-go/faceclip-go/examples/internal/cli"
	"github.com/faceclip-go/faceclip-go/faceclip"
)

func main() { cli.Main(inspect) }

func inspect(ctx context.Context, args []string) error {
	var estimate bool
	flags, err := cli.ParseModel("inspect shows a model's components and what a picture would take.", args, func(f *cli.Flags, fs *flag.FlagSet) {
		f.AddRecipe(fs)
		fs.BoolVar(&estimate, "estimate", false, "measure this machine for a second and say how long a picture would take; with -device cuda: on some GPUs, at least")
	})
	if err != nil {
		return err
	}
	pipeline, err := open(ctx, flags, estimate)
	if err != nil {
		return err
	}
	defer pipeline.Close()
	request := &faceclip.Request{}
	flags.Follow(request, pipeline)
	plan, err := pipeline.Plan(request)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	about(pipeline.Info())
	components(out, pipeline)
	stages(out, plan)
	if err := out.Flush(); err != nil || !estimate {
		return err
	}
	speed := 0.0
	if flags.OnGPU() {
		err = showRoofline(plan)
	} else {
		speed, err = showEstimate(ctx, flags, plan)
	}
	if err != nil {
		return err
	}
	return showRecipes(pipeline, speed)
}

// open opens the model; for an estimate on paper, if there is no GPU.
func open(ctx context.Context, flags *cli.Flags, estimate bool) (*faceclip.Pipeline, error) {
	pipeline, err := flags.Open(ctx)
	if err != nil && estimate && flags.OnGPU() {
		fmt.Printf("%v\nPlanned on paper, for a GPU of 24 GB unless -device-memory says otherwise.\n\n", err)
		flags.OnPaper()
		pipeline, err = flags.Open(ctx)
	}
	return pipeline, err
}

// about prints what the model is, and what computes.
func about(i faceclip.Info) {
	device := strings.TrimSpace(i.Device + " " + i.Kernels)
	fmt.Printf("%s, weights %s\non %s, products in %v; sides are multiples of %d, at most %d pixels; memory at most %.1f GB\n\n",
		i.System, i.Fingerprint[:16], device, i.Compute, i.Multiple, i.MaxSide, gb(i.Memory))
}

// components lists what has weights. All keys fit: otherwise the pipeline would not have opened.
func components(out io.Writer, p *faceclip.Pipeline) {
	fmt.Fprintln(out, "component\ttensors\tGB\tdtypes\tkeys\t")
	for _, c := range p.Components() {
		dtypes := strings.Trim(fmt.Sprint(c.DTypes), "[]")
		fmt.Fprintf(out, "%s\t%d\t%.3f\t%s\tall fit\t\n", c.Name, c.Tensors, gb(c.Bytes), dtypes)
	}
}

func stages(out *tabwriter.Writer, plan faceclip.Plan) {
	fmt.Fprintln(out, "\nplan at the default size\tprivate GB\tdevice GB\tmapped GB\tresident GB\tstreamed GB\tTFLOP\t")
	for _, s := range plan.Stages {
		fmt.Fprintf(out, "%v\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", s.Stage, gb(s.Private), gb(s.Device), gb(s.Mapped), gb(s.Resident), gb(s.Streamed), float64(s.FLOPs)/1e12)
	}
	fmt.Fprintf(out, "peak, total\t%.3f\t%.3f\t%.3f\t\t\t%.3f\t\n", gb(plan.Private), gb(plan.Device), gb(plan.Mapped), float64(plan.FLOPs)/1e12)
	fmt.Fprintln(out, "resident: weights that stay in memory, of a GPU if it has one; streamed: read, or copied there, by each step, or by encoding as a whole")
}

func gb(bytes int64) float64 { return float64(bytes) / 1e9 }
