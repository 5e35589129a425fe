package tokenizer

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// slowTokens is the definition of BPE: while some pair has a rank, join all occurrences of the lowest, from the left.
func slowTokens(v *vocabulary, piece string) []int32 {
	var symbols []int32
	for i := range len(piece) {
		symbols = append(symbols, v.inside[piece[i]])
	}
	symbols[len(piece)-1] = v.last[piece[len(piece)-1]]
	for {
		best, found := int32(len(v.joined)), false
		for i := range len(symbols) - 1 {
			if rank, ok := v.ranks[pair{symbols[i], symbols[i+1]}]; ok && rank < best {
				best, found = rank, true
			}
		}
		if !found {
			return symbols
		}
		var joined []int32
		for i := 0; i < len(symbols); i++ {
			if i+1 < len(symbols) {
				if rank, ok := v.ranks[pair{symbols[i], symbols[i+1]}]; ok && rank == best {
					joined = append(joined, v.joined[best])
					i++
					continue
				}
			}
			joined = append(joined, symbols[i])
		}
		symbols = joined
	}
}

func TestTokensMatchDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := word{vocab: clip().vocab}
	for _, letters := range []string{"a", "ab", "abc", "the", "aeinorst", "!?.", "\xf0\x9f\x98\x80", "\xef\xbf\xbd"} {
		for range 300 {
			piece := make([]byte, 1+random.IntN(40))
			for i := range piece {
				piece[i] = letters[random.IntN(len(letters))]
			}
			got := w.appendTokens(nil, string(piece))
			if want := slowTokens(w.vocab, string(piece)); !slices.Equal(got, want) {
				t.Fatalf("%q: %v, want %v", piece, got, want)
			}
		}
	}
}
