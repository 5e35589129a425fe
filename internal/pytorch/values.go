package pytorch

import (
	"fmt"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// The values of a pickle are nil, bool, int64, string and these. Nothing here walks through values in values: a pickle
// can hold one value in itself very often, without being long.
type (
	float  struct{} // whose value nobody needs
	tuple  []any
	list   struct{} // likewise
	global string   // a name of Python, such as torch.FloatStorage
	dict   struct {
		items   []any // keys and values in turn
		ordered bool
	}
	storage struct {
		kind  global
		key   string
		count int64 // of elements
	}
	array struct { // a tensor, as a view of a storage; all numbers are in elements
		storage      *storage
		dtype        tensor.DType // 0: none of ours
		kind         global       // its name
		offset       int64
		size, stride tuple
	}
)

// describe says what a value is, with an article.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64:
		return "an integer"
	case float:
		return "a float"
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case tuple:
		return fmt.Sprintf("a tuple of %d", len(v))
	case list:
		return "a list"
	case *dict:
		return fmt.Sprintf("a dict of %d", len(v.items)/2)
	case global:
		return string(v)
	case *storage:
		return "a storage without a tensor"
	case *array:
		return "a tensor"
	}
	return fmt.Sprintf("%T", v)
}

// shown returns a name from a file as messages have it: its beginning, with escapes.
func shown(name string) string {
	quoted := fmt.Sprintf("%.100q", name)
	return quoted[1 : len(quoted)-1]
}

// at returns element i, or nil if there is none.
func (t tuple) at(i int) any {
	if i >= len(t) {
		return nil
	}
	return t[i]
}
