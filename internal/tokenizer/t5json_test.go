package tokenizer

import (
	"strings"
	"testing"
)

const smallVocab = `[["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["a", -1]]`

// normalizersOf returns a member of tokenizer.json with these normalizers.
func normalizersOf(normalizers string) string {
	return `"normalizer": {"type": "Sequence", "normalizers": [` + normalizers + `]}`
}

// TestNewT5JSONErrors changes one thing in a small file.
func TestNewT5JSONErrors(t *testing.T) {
	small := smallT5(smallVocab)
	const (
		normalizer = `"normalizer": null`
		metaspaces = `{"type": "Metaspace", "replacement": "▁"}`
		added      = `"added_tokens": []`
		last       = `["a", -1]`
	)
	long := strings.Repeat("b", 257)
	strip := `{"type": "Strip"}`
	for name, c := range map[string]struct{ from, to, want string }{
		"nothing":          {small, "", "JSON"},
		"null":             {small, "null", `model ""`},
		"array":            {small, "[]", "cannot unmarshal"},
		"trailing":         {small, small + "{}", "after top-level value"},
		"large":            {small, strings.Repeat(" ", maxFile+1), "more than"},
		"BPE":              {`"Unigram"`, `"BPE"`, `model "BPE", want Unigram`},
		"no unk_id":        {`"unk_id": 2`, `"unk_id": null`, "no unk_id"},
		"unk_id too high":  {`"unk_id": 2`, `"unk_id": 4`, "is not <unk>"},
		"unk_id negative":  {`"unk_id": 2`, `"unk_id": -1`, "is not <unk>"},
		"unk_id wrong":     {`"unk_id": 2`, `"unk_id": 1`, "is not <unk>"},
		"bytes":            {`"unk_id": 2`, `"unk_id": 2, "byte_fallback": true`, "byte_fallback"},
		"no vocab":         {smallVocab, `null`, "is not <unk>"},
		"vocab object":     {smallVocab, `{"a": 1}`, "cannot unmarshal"},
		"no end":           {`["</s>"`, `["b"`, "no piece </s>"},
		"no padding":       {`["<pad>"`, `["b"`, "not <pad>"},
		"twice":            {last, last + `, ["a", -2]`, `"a" is there twice`},
		"no score":         {last, `["a"]`, "1 things"},
		"three":            {last, `["a", 1, 2]`, "3 things"},
		"null score":       {last, `["a", null]`, "null where"},
		"null piece":       {last, `[null, 1]`, "null where"},
		"score as text":    {last, `["a", "NaN"]`, "cannot unmarshal"},
		"large score":      {last, `["a", -1e300]`, "has score -1e+300"},
		"larger score":     {last, `["a", -1e999]`, "cannot unmarshal"},
		"empty piece":      {last, `["", -1]`, "is empty"},
		"long piece":       {last, `["` + strings.Repeat("a", 257) + `", -1]`, "257 bytes"},
		"no processor":     {`"post_processor"`, `"p"`, "no post_processor"},
		"other processor":  {"TemplateProcessing", "BertProcessing", `post_processor "BertProcessing"`},
		"other template":   {`"SpecialToken": {"id": "</s>"}`, `"SpecialToken": {"id": "<pad>"}`, "single is not"},
		"no splitter":      {metaspaces, "null", "pre_tokenizer: is missing"},
		"other splitter":   {metaspaces, `{"type": "ByteLevel"}`, `pre_tokenizer: type "ByteLevel"`},
		"other inside":     {metaspaces, `{"type": "Sequence", "pretokenizers": [{"type": "Digits"}]}`, `"Digits"`},
		"replacement":      {`"▁"`, `"_"`, `replacement "_"`},
		"first":            {`"▁"`, `"▁", "prepend_scheme": "first"`, `prepend_scheme "first"`},
		"no prefix":        {`"▁"`, `"▁", "add_prefix_space": false`, "add_prefix_space false"},
		"no split":         {`"▁"`, `"▁", "split": false`, "split false"},
		"other normalizer": {normalizer, `"normalizer": {"type": "NFKC"}`, `normalizer: type "NFKC"`},
		"other inside too": {
			normalizer, normalizersOf(`{"type": "Sequence", "normalizers": [{"type": "NFC"}]}`),
			`normalizer: type "NFC"`,
		},
		"other pattern": {
			normalizer, normalizersOf(`{"type": "Replace", "pattern": {"Regex": "a+"}, "content": "▁"}`), "type Replace",
		},
		"string pattern": {
			normalizer, normalizersOf(`{"type": "Replace", "pattern": {"String": " {2,}"}, "content": "▁"}`), "type Replace",
		},
		"other content": {
			normalizer, normalizersOf(`{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}`), "type Replace",
		},
		"many normalizers": {
			normalizer, normalizersOf(strip + strings.Repeat(","+strip, 8)),
			"more than 8 steps",
		},
		"two charsmaps": {
			normalizer, normalizersOf(`{"type": "Precompiled"}, {"type": "Precompiled"}`),
			"2 of type Precompiled",
		},
		"not base64":  {normalizer, `"normalizer": {"type": "Precompiled", "precompiled_charsmap": "!"}`, "base64"},
		"nested":      {metaspaces, strings.Repeat(`{"type": "Sequence", "pretokenizers": [`, 1e5), "max depth"},
		"id of piece": {added, `"added_tokens": [{"id": 1, "content": "a"}]`, `"a" has id 1, want 3`},
		"id beyond":   {added, `"added_tokens": [{"id": 5, "content": "b"}]`, `"b" has id 5, want 4`},
		"id negative": {added, `"added_tokens": [{"id": -1, "content": "b"}]`, `want 4`},
		"id huge":     {added, `"added_tokens": [{"id": 4294967300, "content": "b"}]`, "cannot unmarshal"},
		"added twice": {added, `"added_tokens": [{"id": 3, "content": "a"}, {"id": 3, "content": "a"}]`, "twice"},
		"added empty": {added, `"added_tokens": [{"id": 4, "content": ""}]`, "is empty"},
		"added space": {added, `"added_tokens": [{"id": 4, "content": "b\u3000"}]`, "white space"},
		"added long":  {added, `"added_tokens": [{"id": 4, "content": "` + long + `"}]`, "257 bytes"},
		"normalized":  {added, `"added_tokens": [{"id": 3, "content": "a", "normalized": true}]`, "normalized"},
		"single word": {added, `"added_tokens": [{"id": 3, "content": "a", "single_word": true}]`, "single_word"},
	} {
		if !strings.Contains(small, c.from) {
			t.Fatalf("%s: there is no %s", name, c.from)
		}
		_, err := NewT5JSON([]byte(strings.Replace(small, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := NewT5JSON([]byte(small)); err != nil {
		t.Error(err)
	}
}
