package backendtest

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// Run checks every kernel of the backends that open returns, for each type of activations that they support: completely over
// small shapes, and in thousands of elements over cuts of the shapes of both systems. It closes them. Of tests that are to be
// short it takes one in fifty.
func Run(t *testing.T, open func(workers int) backend.Backend) {
	tests := slices.Concat(smallTests(), systemTests())
	if testing.Short() {
		tests = few(smallTests())
	}
	run(t, open, tests)
}

// RunSmall is Run over small shapes alone, for devices that are slow.
func RunSmall(t *testing.T, open func(workers int) backend.Backend) {
	tests := smallTests()
	if testing.Short() {
		tests = few(tests)
	}
	run(t, open, tests)
}

// few returns one test in fifty, and the first two of each kernel.
func few(tests []test) (some []test) {
	seen := map[string]int{}
	for _, c := range tests {
		if seen[c.kernel] < 2 || seen[c.kernel]%50 == 0 {
			some = append(some, c)
		}
		seen[c.kernel]++
	}
	return some
}

// RunLong is Run for the shapes of both systems at their full size: minutes, and gigabytes of memory.
func RunLong(t *testing.T, open func(workers int) backend.Backend) {
	run(t, open, longTests())
}

func run(t *testing.T, open func(workers int) backend.Backend, tests []test) {
	var devices []device
	for _, workers := range []int{1, 3, 2, 8} {
		b := open(workers)
		t.Cleanup(func() { b.Close() })
		devices = append(devices, device{b, workers})
	}
	refusals(t, devices[0], tests)
	for _, c := range typed(devices[0], tests) {
		t.Run(c.kernel+"/"+c.name, func(t *testing.T) {
			some := devices[:2]
			if c.sampled {
				some = devices
			}
			if err := c.check(some); err != nil {
				t.Error(err)
			}
		})
	}
}

// typed returns the tests for each type of activations that the device supports, F32 first.
func typed(d device, tests []test) []test {
	all := slices.Clone(tests)
	for _, act := range floats {
		if d.Supports(backend.Types{Act: act}) != nil {
			continue
		}
		for _, c := range tests {
			if c, differs := c.on(act); differs {
				all = append(all, c)
			}
		}
	}
	return all
}
