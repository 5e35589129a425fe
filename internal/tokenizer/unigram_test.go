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

// TestUnigram has the ids that tokenizers 0.20.3 gave: where scores are equal, where they differ by rounding only, and
// where characters are unknown.
func TestUnigram(t *testing.T) {
	const low = `[["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -1], `
	const high = `[["<pad>", 30], ["</s>", 30], ["<unk>", 30], ["▁", 30], ["qr", 30], ["z", 45]]`
	for _, c := range []struct {
		vocab, text string
		want        []int32
	}{
		{low + `["a", -2], ["b", -2], ["c", -2], ["ab", -3], ["bc", -3], ["abc", -5]]`, "abc", []int32{3, 9, 1}},
		{low + `["a", -2], ["b", -2], ["c", -2], ["ab", -3], ["bc", -3], ["abc", -5]]`, "abcabc", []int32{3, 9, 9, 1}},
		{low + `["bc", -3], ["a", -2], ["abc", -5], ["b", -2], ["c", -2], ["ab", -3]]`, "abc", []int32{3, 6, 1}},
		{low + `["bc", -3], ["a", -2], ["abc", -5], ["b", -2], ["c", -2], ["ab", -3]]`, "cabb", []int32{3, 8, 9, 7, 1}},
		{low + `["ab", -0.1], ["a", -0.1], ["aab", -0.2], ["aa", -0.1], ["b", -0.1]]`, "aab", []int32{3, 6, 1}},
		{low + `["ab", -0.1], ["a", -0.1], ["aab", -0.2], ["aa", -0.1], ["b", -0.1]]`, "aaaab", []int32{3, 7, 6, 1}},
		{low + `["ab", -0.1], ["a", -0.1], ["aab", -0.2], ["aa", -0.1], ["b", -0.1]]`, "ababa", []int32{3, 4, 4, 5, 1}},
		{low + `["a", -20], ["aa", -5]]`, "aaa", []int32{3, 4, 5, 1}},
		{low + `["a", -20], ["aa", -5]]`, "ba", []int32{3, 2, 4, 1}},
		{low + `["a", -20], ["aa", -5]]`, "中a", []int32{3, 2, 4, 1}},
		{low + `["a", -20], ["aa", -5]]`, "<pad>x", []int32{3, 0, 2, 1}},
		{low + `["a", -20], ["aa", -5]]`, "<unk>x", []int32{3, 2, 1}},
		{low + `["b", 7], ["ab", -1]]`, "ab", []int32{3, 5, 1}},
		{low + `["b", 12], ["ab", -1]]`, "ab", []int32{3, 2, 4, 1}},
		// Two unknown characters are better than a piece.
		{high, "qr", []int32{3, 4, 1}},
		{high, "qrz", []int32{3, 4, 5, 1}},
		{high, "zqrzqqr", []int32{3, 5, 4, 5, 2, 1}},
		{high, "a<unk>", []int32{3, 2, 1}},
		{high, "<pad></s>", []int32{3, 2, 1}},
	} {
		tokenizer, err := NewT5JSON([]byte(smallT5(c.vocab)))
		if err != nil {
			t.Fatal(err)
		}
		if got := tokenizer.IDs(c.text, len(c.want)); !slices.Equal(got, c.want) {
			t.Errorf("%q with %s: %v, want %v", c.text, c.vocab, got, c.want)
		}
	}
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
