package faceclip_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/faceclip/encoder"
	facet5 "github.com/faceclip-go/faceclip-go/facet5/encoder"
	"github.com/faceclip-go/faceclip-go/flux"
	"github.com/faceclip-go/faceclip-go/internal/keys"
	"github.com/faceclip-go/faceclip-go/nn"
	"github.com/faceclip-go/faceclip-go/nn/vae"
	"github.com/faceclip-go/faceclip-go/sdxl"
)

// TestExactLayers compares the list of exact layers in docs/numerics.md with those that the published networks have.
func TestExactLayers(t *testing.T) {
	var list strings.Builder
	for _, n := range []struct {
		checkpoint string
		build      func(nn.Params)
	}{
		{keys.FaceCLIPEncoder, func(p nn.Params) { encoder.New(p, encoder.Published) }},
		{keys.SDXLUNet, func(p nn.Params) { sdxl.New(p, sdxl.Published) }},
		{keys.SDXLVAE, func(p nn.Params) { vae.NewDecoder(p, vae.PublishedSDXL) }},
		{keys.FaceT5Encoder, func(p nn.Params) { facet5.New(p, facet5.Published) }},
		{keys.FLUXDiT, func(p nn.Params) { flux.New(p, flux.Published) }},
		{keys.FLUXVAE, func(p nn.Params) { vae.NewDecoder(p, vae.PublishedFLUX) }},
	} {
		source, err := keys.Open(n.checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		p := nn.NewParams(context.Background(), source, nil)
		n.build(p)
		for _, name := range patterns(p.Exacts()) {
			fmt.Fprintf(&list, "    %s: %s\n", n.checkpoint, name)
		}
	}
	text, err := os.ReadFile("../docs/numerics.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), list.String()) {
		t.Errorf("docs/numerics.md does not list\n%s", list.String())
	}
}

var (
	number  = regexp.MustCompile(`\.\d+\b`)
	network = regexp.MustCompile(`\b(face_encoder|fuser)\..*`) // all layers of which are exact
)

// patterns returns names with * in the place of numbers, and ** in that of all layers of a network, each once.
func patterns(names []string) []string {
	for i, name := range names {
		names[i] = number.ReplaceAllString(network.ReplaceAllString(name, "$1.**"), ".*")
	}
	slices.Sort(names)
	return slices.Compact(names)
}
