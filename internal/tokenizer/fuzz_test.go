package tokenizer

import (
	"slices"
	"testing"
)

func FuzzPrompt(f *testing.F) {
	for _, text := range []string{
		"", "Photo of a id person.", "don't 'ſ", "&amp;amp;lt; &#x110000;", "schÃ¶n â€� Ã©x中", "\x1b[31m\x00",
		"<|endoftext|><start_of_text>", "\xff\xe2\x82", "e\u0301\u0345 ΑΣ İ", "í\u00a0½í¸\u0080 À\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := clip().FaceCLIPEncode(text)
		if got, want := clip().FaceCLIP(text), clip().frame(all[:min(len(all), 75)], 0); !slices.Equal(got, want) {
			t.Errorf("FaceCLIP(%q) = %v, want %v", text, got, want)
		}
		hf := clip().HF(text)
		if len(hf) != Length || hf[0] != clip().start || hf[Length-1] != clip().end {
			t.Errorf("HF(%q) = %v", text, hf)
		}
		for _, id := range slices.Concat(all, hf) {
			if id < 0 || int(id) >= clip().Size() {
				t.Errorf("%q has id %d", text, id)
			}
		}
	})
}

func FuzzNewCLIP(f *testing.F) {
	ids, merges := smallVocabulary("a b", "b</w> c", "ab ab", "abab c</w>")
	f.Add(marshal(ids), []byte(merges), "abababc")
	f.Add([]byte(`{"a":0}`), []byte("#version\na a"), "a")
	f.Add([]byte("{}"), []byte(""), "")
	f.Fuzz(func(t *testing.T, vocab, merges []byte, text string) {
		c, err := NewCLIP(vocab, merges)
		if err != nil {
			// Then the merges by themselves, with a vocabulary that has a token for each.
			c, err = NewCLIP(marshal(ids), merges)
		}
		if err != nil || text == "" {
			return
		}
		w := word{vocab: c.vocab}
		if got, want := w.appendTokens(nil, text), slowTokens(c.vocab, text); len(text) < 1000 && !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		for _, id := range c.HF(text) {
			if id < 0 || int(id) >= c.Size() {
				t.Errorf("%q has id %d", text, id)
			}
		}
	})
}
