package steady

import "testing"

var kept *[1 << 10]byte

// What allocates or makes goroutines fails, what does neither passes.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		fails bool
		f     func()
	}{
		"nothing":    {false, func() {}},
		"allocation": {true, func() { kept = new([1 << 10]byte) }},
		"goroutine":  {true, func() { go func() {}() }},
	} {
		var inner testing.T
		done := make(chan struct{})
		go func() {
			defer close(done)
			Check(&inner, c.f)
		}()
		<-done
		if inner.Failed() != c.fails {
			t.Errorf("%s: failed is %v", name, inner.Failed())
		}
	}
}
