package cuda

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/backendtest"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
	"github.com/faceclip-go/faceclip-go/backend/cuda/kernels"
)

// A fault is an edit of the PTX of a kernel, after which it is wrong.
type fault struct {
	what     string
	old, new string // a regular expression, in which R stands for a register, and what takes the place of its match
	at       int    // which match it is, from 1
	missed   string // why no test can tell, if none can
}

// TestFaults plants faults in kernels, one at a time, and sees whether they are found: by the interpreter or because numbers are
// wrong. What is not found has to be explained.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	planted, found := 0, 0
	for _, p := range probes() {
		t.Run(p.kernel, func(t *testing.T) {
			text := kernelText(t, p.kernel)
			want := p.run(t, backendtest.Reference())
			if err := p.check(text, want); err != nil {
				t.Fatalf("as it is: %v", err)
			}
			for _, f := range faults[p.kernel] {
				edited, err := f.plant(text)
				if err != nil {
					t.Errorf("%s: %v", f.what, err)
					continue
				}
				planted++
				err = p.check(edited, want)
				switch {
				case err != nil:
					found++
					t.Logf("%s: %v", f.what, err)
				case f.missed == "":
					t.Errorf("%s: not found", f.what)
				}
				if err != nil && f.missed != "" {
					t.Errorf("%s: found, though %s", f.what, f.missed)
				}
			}
		})
	}
	t.Logf("%d of %d faults found", found, planted)
	if planted < 40 || found*10 < planted*9 {
		t.Errorf("%d of %d faults found", found, planted)
	}
}

// plant returns the edited text.
func (f fault) plant(text string) (string, error) {
	pattern, err := regexp.Compile(strings.NewReplacer("R", `(%\w+)`).Replace(f.old))
	if err != nil {
		return "", err
	}
	matches := pattern.FindAllStringSubmatchIndex(text, -1)
	if len(matches) < f.at {
		return "", fmt.Errorf("%d matches of %s, of which number %d is to be edited", len(matches), f.old, f.at)
	}
	m := matches[f.at-1]
	var changed []byte
	changed = pattern.ExpandString(changed, f.new, text, m)
	if string(changed) == text[m[0]:m[1]] {
		return "", errors.New("the edit changes nothing")
	}
	return text[:m[0]] + string(changed) + text[m[1]:], nil
}

// kernelText returns a module that has one kernel of those that ship.
func kernelText(t testing.TB, kernel string) string {
	t.Helper()
	files, err := kernels.PTX.ReadDir(".")
	must(t, err)
	for _, file := range files {
		text, err := kernels.PTX.ReadFile(file.Name())
		must(t, err)
		head, _, _ := strings.Cut(string(text), ".visible .entry ")
		if _, rest, ok := strings.Cut(string(text), ".visible .entry "+kernel+"("); ok {
			body, _, _ := strings.Cut(rest, "\n}\n")
			return head + ".visible .entry " + kernel + "(" + body + "\n}\n"
		}
	}
	t.Fatalf("no kernel %s", kernel)
	return ""
}

// check runs the probe on a device with that kernel, and returns an error unless the results are those that are wanted.
func (p probe) check(text string, want []float32) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	b, err := open(fake.New(fake.Options{Devices: 1}), 0, 0, fstest.MapFS{"kernel.ptx": {Data: []byte(text)}})
	if err != nil {
		return err
	}
	defer b.Close()
	if p.multiprocessors > 0 {
		b.(*Backend).multiprocessors = p.multiprocessors
	}
	got, err := p.compute(b)
	if err != nil {
		return err
	}
	return p.compare(got, want)
}

func (p probe) run(t testing.TB, b backend.Backend) []float32 {
	t.Helper()
	got, err := p.compute(b)
	must(t, err)
	return got
}

// TestTiles computes the probes of large and medium tiles with small ones, too: the bits are the same.
func TestTiles(t *testing.T) {
	large := regexp.MustCompile(`^(gemm|conv)_(large|medium)(_i8)?_bf16$`)
	for _, p := range probes() {
		if !large.MatchString(p.kernel) {
			continue
		}
		t.Run(p.kernel, func(t *testing.T) {
			var results [2][]float32
			for i, kernel := range []string{p.kernel, large.ReplaceAllString(p.kernel, "${1}_small${3}_bf16")} {
				b, err := open(fake.New(fake.Options{Devices: 1}), 0, 0, fstest.MapFS{"kernel.ptx": {Data: []byte(kernelText(t, kernel))}})
				must(t, err)
				if i == 0 {
					b.(*Backend).multiprocessors = p.multiprocessors
				}
				results[i] = p.run(t, b)
				must(t, b.Close())
			}
			if !slices.Equal(results[0], results[1]) {
				t.Error("sums differ")
			}
		})
	}
}
