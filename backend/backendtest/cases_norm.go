package backendtest

import "github.com/faceclip-go/faceclip-go/backend"

// A norm is a call of one of the norms for x [x...].
type norm struct {
	kernel      string
	x           []int
	gamma, beta vec
	plusOne     bool
	groups      int
	act         backend.Act
	values      string // a key of distributions
	eps         float32
	view        view // of x and of dst
	inPlace     bool
}

// distributions are hard for a variance: a mean far from 0, no variance at all, one great value, none but small ones.
var distributions = map[string]fill{
	"":         uniform,
	"offset":   normal(1000, 1),
	"constant": constant(0.1),
	"large":    constant(1000),
	"outlier":  oneOf(0, 0, 0, 1, 0, -1, 1000),
	"tiny":     normal(0, 1e-6),
	"zero":     constant(0),
}

func (n norm) test() test {
	if n.eps == 0 {
		n.eps = 1e-5
	}
	batch, channels := n.x[0], n.x[len(n.x)-1]
	x := in(n.x...).with(distributions[n.values]).viewed(n.view)
	dst := out(n.x...).viewed(n.view)
	if n.inPlace {
		x, dst = operand{}, x
	}
	return test{
		kernel: n.kernel,
		name: label(n.x, n.gamma.label("gamma"), n.beta.label("beta"), flag(n.plusOne, "plus1"),
			flag(n.groups > 0, "groups", n.groups), n.act, n.values, n.eps, n.view.label("x"), flag(n.inPlace, "inplace")),
		operands:   []operand{dst, x, n.gamma.operand(batch, channels), n.beta.operand(batch, channels)},
		call:       n.call,
		correlated: true,
	}
}

func (n norm) call(k backend.Kernels, t []Tensor) {
	x := t[1]
	if n.inPlace {
		x = t[0]
	}
	a := backend.NormArgs{Gamma: t[2], Beta: t[3], PlusOne: n.plusOne, Eps: n.eps, Groups: n.groups, Act: n.act}
	switch n.kernel {
	case "LayerNorm":
		k.LayerNorm(t[0], x, a)
	case "RMSNorm":
		k.RMSNorm(t[0], x, a)
	case "GroupNorm":
		k.GroupNorm(t[0], x, a)
	}
}

// normTests makes the call for every distribution and, of each, contiguous and strided, into dst and in place.
func normTests(calls []norm) []test {
	var tests []test
	for _, n := range calls {
		rank := len(n.x)
		for _, v := range []view{{}, columns(rank), strided(rank)} {
			for _, inPlace := range []bool{false, true} {
				n.view, n.inPlace = v, inPlace
				tests = append(tests, n.test())
			}
		}
		for _, values := range []string{"offset", "constant", "large", "outlier", "tiny", "zero"} {
			n.view, n.inPlace, n.values = view{}, false, values
			tests = append(tests, n.test())
		}
	}
	return tests
}

func layerNormTests() []test {
	var calls []norm
	for _, x := range [][]int{{1, 1}, {2, 3, 2}, {3, 31}, {2, 5, 64}, {2, 2, 3, 97}, {1, 1280}, {2, 3072}} {
		for _, v := range []vec{without, shared, batched} {
			calls = append(calls, norm{kernel: "LayerNorm", x: x, gamma: v, beta: v})
		}
		calls = append(calls, norm{kernel: "LayerNorm", x: x, gamma: batched, beta: batched, plusOne: true, eps: 1e-6},
			norm{kernel: "LayerNorm", x: x, gamma: shared, plusOne: true}, norm{kernel: "LayerNorm", x: x, beta: shared})
	}
	return normTests(calls)
}

func rmsNormTests() []test {
	var calls []norm
	for _, x := range [][]int{{1, 1}, {2, 3, 2}, {3, 31}, {2, 3, 5, 128}, {2, 7, 96}, {1, 4096}} {
		for _, v := range []vec{without, shared, batched} {
			calls = append(calls, norm{kernel: "RMSNorm", x: x, gamma: v, eps: 1e-6})
		}
	}
	return normTests(calls)
}

func groupNormTests() []test {
	var calls []norm
	for _, s := range []struct {
		x      []int
		groups int
	}{
		{[]int{1, 1}, 1}, {[]int{2, 6}, 3}, {[]int{2, 5, 21}, 7}, {[]int{2, 3, 4, 64}, 32}, {[]int{1, 5, 7, 40}, 1},
		{[]int{2, 67, 34}, 2}, {[]int{1, 30, 40, 8}, 4}, {[]int{1, 3, 3, 16}, 16},
	} {
		for _, v := range []vec{without, shared, batched} {
			calls = append(calls, norm{kernel: "GroupNorm", x: s.x, groups: s.groups, gamma: v, beta: v, eps: 1e-6},
				norm{kernel: "GroupNorm", x: s.x, groups: s.groups, gamma: v, beta: v, act: backend.SiLU})
		}
	}
	tests := append(normTests(calls), norm{kernel: "GroupNorm", x: []int{1, 3, backend.MaxChannels}, groups: 2}.test())
	for act := backend.ReLU; act <= backend.QuickGELU; act++ {
		n := norm{kernel: "GroupNorm", x: []int{2, 11, 12}, groups: 3, gamma: shared, beta: without, act: act}
		tests = append(tests, n.test())
	}
	return tests
}
