package flux

import (
	"math"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// TestRotations has the values of the specification, section 9, for the token in row 1 and column 2.
func TestRotations(t *testing.T) {
	const text, rows, cols, pairs = 3, 2, 4, 64
	s, err := backend.NewStream(backendtest.Reference(), tensor.F32, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	r := Published.Rotation(s, text, rows, cols)
	cos, sin := s.Floats(r.Cos), s.Floats(r.Sin)
	if len(cos) != (text+rows*cols)*pairs || len(sin) != len(cos) {
		t.Fatalf("%d cosines, %d sines", len(cos), len(sin))
	}
	for i := range text*pairs + 8 { // the text, and the first axis of the first token of the image
		if cos[i] != 1 || sin[i] != 0 {
			t.Fatalf("pair %d is turned", i)
		}
	}
	token := (text + cols + 2) * pairs
	for pair, want := range map[int][2]float64{8: {0.540302, 0.841471}, 36: {-0.416147, 0.909297}} {
		c, s := float64(cos[token+pair]), float64(sin[token+pair])
		if math.Abs(c-want[0]) > 1e-6 || math.Abs(s-want[1]) > 1e-6 {
			t.Errorf("pair %d: cos %v sin %v, want %v", pair, c, s, want)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := Published.Validate(); err != nil {
		t.Error(err)
	}
	for want, edit := range map[string]func(*Config){
		"num_attention_heads: 0":         func(c *Config) { c.Heads = 0 },
		"times attention_head_dim":       func(c *Config) { c.Heads = 1 << 20 },
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
