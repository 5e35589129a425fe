package nn

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fixed are the fields of a configuration that change what a network computes, each with the one value that is implemented,
// or with several that mean the same as a OneOf. A field that is left out means it, too.
type Fixed map[string]any

// OneOf are values, one of which a field has.
type OneOf []any

// Unmarshal decodes a JSON object into c, or returns an error that names all fields with another value than theirs. Where a file
// has a list instead, a value for each level, all of them are compared.
func (f Fixed) Unmarshal(data []byte, c any) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var refused []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		text, ok := fields[name]
		if !ok {
			continue
		}
		values, possible := elements(text), texts(f[name])
		other := slices.IndexFunc(values, func(v string) bool { return !slices.Contains(possible, v) })
		if other >= 0 {
			refused = append(refused, fmt.Sprintf("%s: %.60s is not implemented, expected %s", name, values[other], strings.Join(possible, " or ")))
		}
	}
	if refused != nil {
		return fmt.Errorf("config: %s", strings.Join(refused, "; "))
	}
	return json.Unmarshal(data, c)
}

// elements returns the values of a list, or the one there is instead, each as encoding/json writes it.
func elements(text json.RawMessage) []string {
	var list []any
	if json.Unmarshal(text, &list) == nil && list != nil {
		return texts(OneOf(list))
	}
	var one any
	if json.Unmarshal(text, &one) != nil { // a number beyond float64
		return []string{string(text)}
	}
	return texts(one)
}

// texts returns the JSON of a value or of several.
func texts(value any) []string {
	several, ok := value.(OneOf)
	if !ok {
		several = OneOf{value}
	}
	var all []string
	for _, v := range several {
		text, _ := json.Marshal(v) // which is JSON, or a constant of ours
		all = append(all, string(text))
	}
	return all
}
