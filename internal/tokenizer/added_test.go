package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

// TestAddedTokens has the ids that tokenizers 0.20.3 gave for tokens that take white space away on both sides, on the
// left, on the right and not at all. The last begins with another.
func TestAddedTokens(t *testing.T) {
	file := smallT5(`[["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -1], ["a", -2], ["▁a", -2.5]]`)
	file = strings.Replace(file, `"added_tokens": []`, `"added_tokens": [
		{"id": 6, "content": "<x>", "lstrip": true, "rstrip": true}, {"id": 7, "content": "<y>", "lstrip": true},
		{"id": 8, "content": "<z>", "rstrip": true}, {"id": 9, "content": "<y><z>"}]`, 1)
	tokenizer, err := NewT5JSON([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []int32
	}{
		{"a <x> a", []int32{5, 6, 5, 1}},
		{"a <y> a", []int32{5, 7, 5, 1}},
		{"a <z> a", []int32{5, 3, 8, 5, 1}},
		{"a <y><z> a", []int32{5, 3, 9, 5, 1}},
		{"<z> <x>\t <y>\u3000 <z>\n", []int32{8, 6, 7, 3, 2, 3, 8, 1}},
		{"a\t<x>\ta", []int32{5, 6, 5, 1}},
		{"<y", []int32{3, 2, 1}},
		{"<x><x", []int32{6, 3, 2, 1}},
	} {
		if got := tokenizer.IDs(c.text, len(c.want)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
	if got := tokenizer.Size(); got != 10 {
		t.Errorf("Size() = %d, want 10", got)
	}
}
