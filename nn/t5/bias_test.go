package t5

import "testing"

// TestBucket has the limits of the ranges that the reference's table has (specification, section 4).
func TestBucket(t *testing.T) {
	limits := []struct{ from, bucket int }{
		{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}, {12, 9}, {16, 10}, {23, 11}, {32, 12}, {46, 13},
		{64, 14}, {91, 15}, {512, 15},
	}
	for i, l := range limits[:len(limits)-1] {
		for n := l.from; n < limits[i+1].from; n++ {
			if got := XXL.bucket(-n); got != l.bucket {
				t.Errorf("%d before the query: bucket %d, want %d", n, got, l.bucket)
			}
			if got := XXL.bucket(n); n > 0 && got != 16+l.bucket {
				t.Errorf("%d after the query: bucket %d, want %d", n, got, 16+l.bucket)
			}
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
