package backendtest

import (
	"testing"

	"github.com/faceclip-go/faceclip-go/backend"
)

// workers are the numbers of workers whose results must be equal, byte by byte.
var workers = []int{1, 2, 3, 8}

// Run checks every kernel at small and awkward shapes. Open opens a device with a number of workers.
func Run(t *testing.T, open func(workers int) backend.Backend) {
	run(t, open, smallCases())
}

// RunReal checks every kernel at shapes of the pipelines.
func RunReal(t *testing.T, open func(workers int) backend.Backend) {
	run(t, open, realCases())
}

// RunLong checks the kernels at the largest shapes of the pipelines, which takes minutes.
func RunLong(t *testing.T, open func(workers int) backend.Backend) {
	run(t, open, longCases())
}

func run(t *testing.T, open func(workers int) backend.Backend, cases []testCase) {
	var backends []backend.Backend
	for _, n := range workers {
		b := open(n)
		defer b.Close()
		backends = append(backends, b)
	}
	checkAll(t, backends, cases)
}

func checkAll(t *testing.T, backends []backend.Backend, cases []testCase) {
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Errorf("two cases are called %s", c.name)
		}
		seen[c.name] = true
		if err := c.check(backends); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d cases", len(cases))
}
