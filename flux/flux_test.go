package flux

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestRotations has what diffusers gives, written by tools/goldens/values.py.
func TestRotations(t *testing.T) {
	var v struct {
		Text, Rows, Cols int
		Cos, Sin         []float32
	}
	text, err := os.ReadFile("testdata/rotations.json")
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := backend.NewStream(backendtest.Reference(), backend.Types{Act: tensor.F32}, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	r := Published.Rotation(s, v.Text, v.Rows, v.Cols)
	for _, c := range []struct {
		name      string
		got, want []float32
	}{{"cosine", s.Floats(r.Cos), v.Cos}, {"sine", s.Floats(r.Sin), v.Sin}} {
		if len(c.got) != len(c.want) || len(c.want) != (v.Text+v.Rows*v.Cols)*64 {
			t.Fatalf("%d %ss, want %d", len(c.got), c.name, len(c.want))
		}
		for i, want := range c.want {
			if math.Abs(float64(c.got[i])-float64(want)) > 1e-7 {
				t.Errorf("%s %d: %v, want %v", c.name, i, c.got[i], want)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	if err := Published.Validate(); err != nil {
		t.Error(err)
	}
	for want, edit := range map[string]func(*Config){
		"num_attention_heads: 0":         func(c *Config) { c.Heads = 0 },
		"times attention_head_dim":       func(c *Config) { c.Heads = 1 << 17 },
		"num_layers: 1000000000":         func(c *Config) { c.DoubleBlocks = 1e9 },
		"at most attention_head_dim 128": func(c *Config) { c.Axes = []int{1<<63 - 2, 1<<63 - 2, 132} },
		"patch_size 2":                   func(c *Config) { c.PatchSize = 2 },
		"in_channels 63":                 func(c *Config) { c.InChannels = 63 },
		"out_channels 32":                func(c *Config) { c.OutChannels = new(32) },
		"axes_dims_rope [64 64]":         func(c *Config) { c.Axes = []int{64, 64} },
		"even":                           func(c *Config) { c.Axes = []int{15, 57, 56} },
		"axes_dims_rope [16 56 58] have": func(c *Config) { c.Axes = []int{16, 56, 58} },
	} {
		c := Published
		edit(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that names %q", err, want)
		}
	}
	c := Published
	c.Axes = nil // older files leave it out
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}
