package tokenizer

import (
	"strings"
	"testing"
	"time"
)

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
