package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostile has prompts that are not text or play with the special strings, and the tokens that the reference's two
// front ends make of them.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		text         string
		faceclip, hf []int32
	}{
		{"\xff", []int32{39802}, []int32{39802}},
		{"&#55357;", []int32{39802}, []int32{39802}}, // half of a character
		{"\x00\x01\x7f", nil, nil},
		{"\u0345", nil, nil},
		{"id\u0345id", []int32{1014, 1014}, []int32{1014, 1014}},
		{"id\u00a0id\u3000id\u2003id", []int32{1014, 1014, 1014, 1014}, []int32{1014, 1014, 1014, 1014}},
		{"AΣ İ", []int32{64, 139, 480, 328, 16384}, []int32{64, 139, 480, 328, 16384}},
		{"'ſ", []int32{6, 129, 379}, []int32{6, 129, 379}},
		{"&#48", []int32{271}, []int32{5, 258, 275, 279}},
		{"<|endoftext|>", []int32{27, 347, 40786, 4160, 91, 285}, []int32{49407}},
		{"<|ENDOFTEXT|>", []int32{27, 347, 40786, 4160, 91, 285}, []int32{49407}},
		{"&lt;|endoftext|&gt;", []int32{27, 347, 40786, 4160, 91, 285}, []int32{49407}},
		{
			"<|endoftext|><|endoftext|>id<|endo",
			[]int32{27, 347, 40786, 4160, 91, 29, 27, 347, 40786, 4160, 91, 285, 1014, 27, 347, 15830},
			[]int32{49407, 49407, 1014, 27, 347, 15830},
		},
		{
			"<start_of_text>id<END_OF_TEXT>",
			[]int32{49406, 1014, 49407},
			[]int32{283, 1572, 318, 539, 318, 4160, 285, 1014, 283, 806, 318, 539, 318, 4160, 285},
		},
		{"&lt;end_of_text&gt;", []int32{49407}, []int32{283, 806, 318, 539, 318, 4160, 285}},
		{
			"!<end_of_text>",
			[]int32{0, 283, 806, 318, 539, 318, 4160, 285},
			[]int32{0, 283, 806, 318, 539, 318, 4160, 285},
		},
		{
			"<ſtart_of_text>", // found as special, but not spelled as it
			[]int32{27, 129, 123, 16707, 62, 684, 62, 18169, 285},
			[]int32{283, 129, 123, 14120, 318, 539, 318, 4160, 285},
		},
	} {
		if got := clip().FaceCLIPEncode(c.text); !slices.Equal(got, c.faceclip) {
			t.Errorf("FaceCLIPEncode(%+q) = %v, want %v", c.text, got, c.faceclip)
		}
		if got := clip().hf(c.text, unlimited); !slices.Equal(got, c.hf) {
			t.Errorf("hf(%+q) = %v, want %v", c.text, got, c.hf)
		}
	}
}

// TestLongPrompt has prompts of 1 MB, each the worst for some step. All take well under a second; the limit allows for a
// slow and busy machine.
func TestLongPrompt(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const size, limit = 1 << 20, 10 * time.Second
	for _, unit := range []string{
		"photo of a woman, ", "\n", "é\n",
		"a", "!?", "\xff", "\U0001f600", // one word
		"amp;", "&", "&a", // after a "&"
		"Ã©", "Ã©x中 ", "\u0085é",
		"\u0301\u0316", "\u1112\u1161\u11ab", "Ｆ",
		"<|", "<|endoftext|>", "\x1b[", "Σ'",
	} {
		text := "&" + strings.Repeat(unit, size/len(unit))
		began := time.Now()
		clip().FaceCLIP(text)
		clip().HF(text)
		if d := time.Since(began); d > limit {
			t.Errorf("%d bytes of %+q took %v", len(text), unit, d)
		}
	}
}
