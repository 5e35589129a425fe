package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

// smallT5 returns a tokenizer.json of a vocabulary, an array in JSON, with nothing but a Metaspace.
func smallT5(vocab string) string {
	return `{"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁"},
		"post_processor": {"type": "TemplateProcessing",
			"single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}]},
		"model": {"type": "Unigram", "unk_id": 2, "vocab": ` + vocab + `}}`
}

func TestTrie(t *testing.T) {
	keys := []string{"b", "abc", "a", "\xff", "ab\x00", "", "abcde"}
	found, err := newTrie(keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(slices.Clone(keys), "ab", "abcd", "c", "ba", "abcdef", "\x00") {
		if got, want := found.find(text), slices.Index(keys, text); got != int32(want) {
			t.Errorf("find(%q) = %d, want %d", text, got, want)
		}
		longest := int32(none)
		for i, key := range keys {
			if strings.HasPrefix(text, key) && key != "" && (longest == none || len(key) > len(keys[longest])) {
				longest = int32(i)
			}
		}
		if got := found.longest(text); got != longest {
			t.Errorf("longest(%q) = %d, want %d", text, got, longest)
		}
	}
	if _, err := newTrie([]string{"a", "b", "a"}); err == nil {
		t.Error("a key is there twice without an error")
	}
}
