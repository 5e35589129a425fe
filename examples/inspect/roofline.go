package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// A gpu is what its maker says of it.
type gpu struct {
	name      string
	flops     float64 // bfloat16 with float32 sums, without sparsity, a second
	bandwidth float64 // bytes of its memory a second
}

// gpus are some that people have: the figures are of NVIDIA's data sheets.
var gpus = []gpu{
	{"RTX 3060 12GB", 25.6e12, 360e9},
	{"RTX 3090", 71e12, 936e9},
	{"RTX 4090", 165.2e12, 1008e9},
	{"RTX 5090", 209.5e12, 1792e9},
	{"A100 80GB", 312e12, 2039e9},
	{"H100 SXM", 989e12, 3350e9},
}

// showRoofline prints what each stage asks of a GPU, and how long it takes at least: as long as its operations at the peak, or
// as reading and writing what they need once each. Kernels reach a part of that.
func showRoofline(plan faceclip.Plan) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "\nat least\tlaunches\tGB moved\tTFLOP\t")
	for _, g := range gpus {
		fmt.Fprintf(out, "%s\t", g.name)
	}
	fmt.Fprintln(out)
	together := make([]time.Duration, len(gpus))
	for _, s := range plan.Stages {
		fmt.Fprintf(out, "%v\t%d\t%.1f\t%.3f\t", s.Stage, s.Operations, gb(s.Traffic), float64(s.FLOPs)/1e12)
		for i, g := range gpus {
			d := g.least(s)
			together[i] += d
			fmt.Fprintf(out, "%v\t", d)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprint(out, "together\t\t\t\t")
	for _, d := range together {
		fmt.Fprintf(out, "%v\t", d)
	}
	fmt.Fprintln(out, "\nmoved: what operations read and write, each for itself; caches save a part of it, copies of weights to the device come on top")
	return out.Flush()
}

// least returns how long a stage takes at the peak of g.
func (g gpu) least(s faceclip.StagePlan) time.Duration {
	return duration(max(float64(s.FLOPs)/g.flops, float64(s.Traffic)/g.bandwidth))
}
