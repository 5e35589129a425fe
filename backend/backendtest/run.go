package backendtest

import (
	"slices"
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// Run checks every kernel of the backends that open returns, completely over small shapes and, unless tests are to be
// short, in thousands of elements over cuts of the shapes of both pipelines. It closes them.
func Run(t *testing.T, open func(workers int) backend.Backend) {
	tests := smallTests()
	if !testing.Short() {
		tests = slices.Concat(tests, pipelineTests())
	}
	run(t, open, tests)
}

// RunLong is Run for the shapes of both pipelines at their full size: minutes, and gigabytes of memory.
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
