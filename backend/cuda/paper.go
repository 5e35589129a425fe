package cuda

import (
	"cmp"
	"errors"
)

// paperName is what a backend that only plans is called: cuda:paper.
const paperName = "paper"

// paper returns a backend without a device. It says what devices support and how much memory is taken of limit bytes, or of 24 GB
// if that is 0, and computes nothing: a plan of a drawing needs no more.
func paper(limit int64) *Backend {
	b := newBackend(paperName, cmp.Or(limit, 24e9))
	b.work.bytes = usualSpace
	b.failure.lost, b.failure.err = true, errors.New(b.name+" only plans: it is no device")
	return b
}
