package tokenizer

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// smallVocabulary returns the files of a vocabulary of the bytes and these merges.
func smallVocabulary(merges ...string) (map[string]int, string) {
	ids := map[string]int{}
	for _, ending := range []string{"", endOfWord} {
		for _, symbol := range byteAlphabet() {
			ids[symbol+ending] = len(ids)
		}
	}
	for _, m := range merges {
		ids[strings.ReplaceAll(m, " ", "")] = len(ids)
	}
	ids[startOfText] = len(ids)
	ids[endOfText] = len(ids)
	return ids, strings.Join(append([]string{"#version: 0.2"}, merges...), "\n") + "\n"
}

func marshal(ids map[string]int) []byte {
	b, err := json.Marshal(ids)
	if err != nil {
		panic(err)
	}
	return b
}

func TestSmallVocabulary(t *testing.T) {
	ids, merges := smallVocabulary("a b", "ab ab</w>", "a b</w>", "c ab</w>")
	c, err := NewCLIP(marshal(ids), []byte(merges))
	if err == nil {
		t.Fatalf("a merge of a symbol made later is accepted: %v", c)
	}
	ids, merges = smallVocabulary("a b", "a b</w>", "ab ab</w>", "c ab</w>")
	if c, err = NewCLIP(append([]byte("\ufeff\r\n"), marshal(ids)...), []byte("\ufeff"+strings.ReplaceAll(merges, "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	want := []int32{int32(ids["c"]), int32(ids["ab"]), int32(ids["abab</w>"])}
	if got := c.FaceCLIPEncode("cababab"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNewCLIPErrors(t *testing.T) {
	ids, merges := smallVocabulary("a b", "ab c")
	change := func(f func(map[string]int)) string {
		changed := maps.Clone(ids)
		f(changed)
		return string(marshal(changed))
	}
	good := string(marshal(ids))
	for name, c := range map[string]struct{ vocab, merges, want string }{
		"nothing":       {"", "", "JSON"},
		"null":          {"null", merges, "no token <|startoftext|>"},
		"array":         {"[]", merges, "cannot unmarshal"},
		"trailing":      {good + "{}", merges, "after top-level value"},
		"fraction":      {`{"a":0.5}`, merges, "cannot unmarshal"},
		"huge id":       {`{"a":99999999999}`, merges, "cannot unmarshal"},
		"negative id":   {change(func(m map[string]int) { m["a"] = -1 }), merges, "outside"},
		"id too large":  {change(func(m map[string]int) { m["a"] = len(m) }), merges, "outside"},
		"id twice":      {change(func(m map[string]int) { m["a"] = m["b"] }), merges, "both have id"},
		"empty token":   {change(func(m map[string]int) { m[""] = len(m) }), merges, "empty token"},
		"no end":        {change(func(m map[string]int) { rename(m, endOfText, "end") }), merges, "no token <|endoftext|>"},
		"no byte":       {change(func(m map[string]int) { rename(m, "Ā", "ЖЖ") }), merges, "byte 0x00"},
		"no final byte": {change(func(m map[string]int) { rename(m, "z</w>", "z</v>") }), merges, "byte 0x7a"},
		"no merges":     {good, "", "#version"},
		"no version":    {good, "a b\n", "#version"},
		"blank line":    {good, "#version\n\na b", "line 2: 0 symbols"},
		"one symbol":    {good, "#version\na b\nab", "line 3: 1 symbols"},
		"three symbols": {good, "#version\na b c", "3 symbols"},
		"unknown":       {good, "#version\na bb", `symbol "bb" is not made`},
		"not yet made":  {good, "#version\nab c\na b", `symbol "ab" is not made`},
		"special":       {good, "#version\n<|endoftext|> a", "is not made"},
		"not in vocab":  {good, "#version\na c", `no token "ac"`},
		"made twice":    {good, "#version\na b\na b", "made twice"},
		"large vocab":   {strings.Repeat(" ", maxFile+1), merges, "more than"},
		"large merges":  {good, strings.Repeat("\n", maxFile+1), "more than"},
	} {
		_, err := NewCLIP([]byte(c.vocab), []byte(c.merges))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func rename(ids map[string]int, from, to string) {
	ids[to] = ids[from]
	delete(ids, from)
}
