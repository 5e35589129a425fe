package faceclipgo

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/faceclip-go/faceclip-go/"

// layers are the packages from the lowest up. A package may import those below it only; what is not listed (internal,
// examples, benchmarks) is free.
var layers = [][]string{
	{"tensor", "face"},
	{"backend"},
	{"backend/cpu", "backend/cuda", "nn", "sampler"},
	{"nn/clip", "nn/fuse", "nn/t5", "nn/vae", "nn/vit", "sdxl", "flux"},
	{"faceclip/encoder", "facet5/encoder"},
	{"faceclip"},
	{"mini"},
}

// TestImports checks that imports go downwards only, and that no network knows a device.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			imported = strings.TrimPrefix(imported, module)
			if above(imported, name) {
				t.Errorf("%s imports %s, which is above it or beside it", name, imported)
			}
			if layer(name) >= 0 && (imported == "backend/cuda" || imported == "backend/cpu" && name != "faceclip") {
				t.Errorf("%s imports a device", name)
			}
		}
	}
}

func above(imported, name string) bool {
	return layer(name) >= 0 && layer(imported) >= layer(name)
}

func layer(name string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, name) })
}
