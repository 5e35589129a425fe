package t5

import (
	"encoding/json"
	"os"
	"testing"
)

// TestBucket has the buckets that transformers gives, which tools/goldens/values.py writes.
func TestBucket(t *testing.T) {
	text, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		First   int // position behind the query of the first bucket
		Buckets []int
	}
	if err := json.Unmarshal(text, &want); err != nil || len(want.Buckets) == 0 {
		t.Fatal(err)
	}
	for i, bucket := range want.Buckets {
		if got := XXL.bucket(want.First + i); got != bucket {
			t.Errorf("%d behind the query: bucket %d, want %d", want.First+i, got, bucket)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := XXL.Validate(); err != nil {
		t.Error(err)
	}
	for name, edit := range map[string]func(*Config){
		"heads":    func(c *Config) { c.Heads = 0 },
		"tokens":   func(c *Config) { c.Tokens = 1 << 30 },
		"d_kv":     func(c *Config) { c.HeadWidth = 16384; c.Heads = 1 },
		"buckets":  func(c *Config) { c.Buckets = 6 },
		"distance": func(c *Config) { c.MaxDistance = 8 },
	} {
		c := XXL
		edit(&c)
		if c.Validate() == nil {
			t.Errorf("%s: no error for %+v", name, c)
		}
	}
}
