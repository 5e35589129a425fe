package tokenizer

import "math/bits"

// longestSequence is how many characters the longest sequence of a pattern may have.
const longestSequence = 6

// A sequence lists, for each of its characters, the set of characters allowed there. A set is written out, with a-z
// for a range.
type sequence []string

// A pattern matches any of up to 64 sequences of characters. It is the part of regular expressions that the repair of
// encodings needs, at some ten nanoseconds a character.
type pattern struct {
	members map[rune]membership
	ends    [longestSequence]uint64 // ends[k] has bit i set if sequence i has k+1 characters
}

// A membership says where one character may stand: bit i of element k is set if it may be character k of sequence i.
type membership [longestSequence]uint64

// newPattern returns the pattern of the given sequences.
func newPattern(sequences ...sequence) *pattern {
	p := &pattern{members: map[rune]membership{}}
	for i, sets := range sequences {
		for k, set := range sets {
			for r := range setOf(set) {
				m := p.members[r]
				m[k] |= 1 << i
				p.members[r] = m
			}
		}
		p.ends[len(sets)-1] |= 1 << i
	}
	return p
}

// matchLength returns the length of the first listed sequence that text begins with, or 0.
func matchLength[T byte | rune](p *pattern, text []T) int {
	alive, first, length := ^uint64(0), 64, 0
	for k := 0; k < len(text) && k < longestSequence; k++ {
		alive &= p.members[rune(text[k])][k]
		if alive == 0 {
			break
		}
		if i := bits.TrailingZeros64(alive & p.ends[k]); i < first {
			first, length = i, k+1
		}
	}
	return length
}

// replaceMatches returns b with every match of p, from the left, replaced by what replace makes of it.
func replaceMatches(p *pattern, b []byte, replace func(out, match []byte) []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		if n := matchLength(p, b); n > 0 {
			out, b = replace(out, b[:n]), b[n:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return out
}

// setOf returns the characters of a set.
func setOf(set string) map[rune]bool {
	members := map[rune]bool{}
	runes := []rune(set)
	for i := 0; i < len(runes); i++ {
		first, last := runes[i], runes[i]
		if i+2 < len(runes) && runes[i+1] == '-' {
			last = runes[i+2]
			i += 2
		}
		for r := first; r <= last; r++ {
			members[r] = true
		}
	}
	return members
}
