package faceclip

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/faceclip-go/faceclip-go/backend"
)

var (
	generated = flag.Duration("generated", 3*time.Second, "how long TestGenerated tries random models")
	seed      = flag.Uint64("seed", 1, "of the first random model")
)

// TestGenerated makes models of random sizes, from 1 to what configurations may say at most, with weights that fit, and draws with
// them. Each gives a picture or an error, in the memory that it may take, and hears its context.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("slow with -race, which it has nothing for")
	}
	outcomes := map[string]int{}
	for end, n := time.Now().Add(*generated), *seed; time.Now().Before(end); n++ {
		m := newRandomModel(rand.New(rand.NewPCG(n, 0)))
		outcome, err := m.try(t)
		for again := 0; errors.Is(err, errLate) && again < 2; again++ { // or the machine was busy
			outcome, err = m.try(t)
		}
		outcomes[outcome]++
		if outcome == "wrong" {
			t.Errorf("-seed %d: %v\n%v", n, err, m)
		}
	}
	t.Log(outcomes)
}

var errLate = errors.New("ended late after its context")

// try opens a model and draws with it. It returns what came of that.
func (m *randomModel) try(t *testing.T) (outcome string, err error) {
	const (
		memory      = 256 << 20
		bookkeeping = 300 << 20
		patience    = time.Second // in which most end
		late        = 300 * time.Millisecond
	)
	dir := t.TempDir()
	m.write(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	before := goMemory()
	p, err := Open(ctx, dir, &Options{Memory: memory})
	if err == nil {
		defer p.Close()
		_, err = p.Generate(ctx, m.request())
	}
	ended, _ := ctx.Deadline()
	switch over, grown := time.Since(ended), goMemory()-before; {
	case over > late:
		return "wrong", fmt.Errorf("%w by %v: %v", errLate, over, err)
	case grown > memory+bookkeeping:
		return "wrong", fmt.Errorf("%d MB of memory", grown>>20)
	case err == nil:
		return "picture", nil
	case !strings.HasPrefix(err.Error(), "faceclip: ") || len(err.Error()) > 2*maxMessage:
		return "wrong", err
	case errors.Is(err, context.DeadlineExceeded):
		return "no time", err
	case errors.As(err, new(*backend.MemoryError)):
		return "no memory", err
	case strings.Contains(err.Error(), "is not finite"):
		return "not finite", err
	case p == nil && m.validate() != nil && strings.Contains(err.Error(), "config"):
		return "refused", err
	case p == nil && m.lacks && strings.Contains(err.Error(), "no weights, expected"):
		return "no weights", err
	}
	return "wrong", err
}

// goMemory returns the bytes that Go's runtime holds.
func goMemory() int64 {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(held)
	return int64(held[0].Value.Uint64() - held[1].Value.Uint64())
}
