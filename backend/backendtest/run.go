package backendtest

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/tensor"
)

// Run checks every kernel of the backends that open returns, for each type of activations that they support and, in parts, of
// operands of products: completely over small shapes, and in thousands of elements over cuts of the shapes of both systems. It
// closes them. Of tests that are to be short it takes one in fifty.
func Run(t *testing.T, open func(workers int) backend.Backend) {
	if testing.Short() {
		RunFew(t, open)
		return
	}
	run(t, open, slices.Concat(smallTests(), systemTests()), someComputing)
}

// someComputing is one of how many tests is repeated for each type of operands.
const someComputing = 5

// RunFew is Run for one test in fifty.
func RunFew(t *testing.T, open func(workers int) backend.Backend) {
	run(t, open, few(smallTests()), 1)
}

// RunSmall is Run over small shapes alone, for devices that are slow.
func RunSmall(t *testing.T, open func(workers int) backend.Backend) {
	if testing.Short() {
		RunFew(t, open)
		return
	}
	run(t, open, smallTests(), someComputing)
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

// RunLong is Run for the shapes of both systems at their full size, and for all small tests of each type of operands: minutes, and
// gigabytes of memory.
func RunLong(t *testing.T, open func(workers int) backend.Backend) {
	devices := opened(t, open)
	checkAll(t, devices, computed(devices[0], smallTests(), 1))
	checkAll(t, devices, typed(devices[0], longTests()))
}

// run checks tests, and one in so many for each type of operands.
func run(t *testing.T, open func(workers int) backend.Backend, tests []test, oneIn int) {
	devices := opened(t, open)
	refusals(t, devices[0], tests)
	checkAll(t, devices, slices.Concat(typed(devices[0], tests), computed(devices[0], tests, oneIn)))
}

// opened returns backends with several numbers of workers, which it closes at the end of the test.
func opened(t *testing.T, open func(workers int) backend.Backend) (devices []device) {
	for _, workers := range []int{1, 3, 2, 8} {
		b := open(workers)
		t.Cleanup(func() { b.Close() })
		devices = append(devices, device{b, workers})
	}
	return devices
}

func checkAll(t *testing.T, devices []device, tests []test) {
	for _, c := range tests {
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
	tests = slices.DeleteFunc(slices.Clone(tests), func(c test) bool { return !c.possible(d) })
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

// computed returns one in so many tests for each type of operands of products.
func computed(d device, tests []test, oneIn int) (some []test) {
	for _, compute := range []tensor.DType{tensor.BF16, tensor.I8} {
		if d.Supports(backend.Types{Act: tensor.F32, Compute: compute}) != nil {
			continue
		}
		n := 0
		for _, c := range tests {
			if c, differs := c.computing(compute); differs && c.possible(d) {
				if n%oneIn == 0 {
					some = append(some, c)
				}
				n++
			}
		}
	}
	return some
}
