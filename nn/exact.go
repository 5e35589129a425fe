package nn

import (
	"strings"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Exact returns p for layers whose products round no operands, whatever the Stream computes in.
func (p Params) Exact() Params { p.exact = true; return p }

// Exacts returns the names of the layers made so far that are exact.
func (p Params) Exacts() []string { return p.root.exacts }

// compute returns what the products of a layer at p round operands to, for backend.GemmArgs and its like, and notes the layer's name
// if it is exact.
func (p Params) compute() tensor.DType {
	if !p.exact {
		return 0
	}
	p.root.exacts = append(p.root.exacts, strings.TrimSuffix(p.prefix, "."))
	return tensor.F32
}
