package tokenizer

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// manyMarks is how many combining marks in a row x/text is trusted with. After 30 it inserts U+034F, as the Stream-Safe
// Text Format asks for, but Python does not; a character may decompose into three.
const manyMarks = 8

// compose returns text in Unicode normal form C.
func compose(text string) string {
	if norm.NFC.IsNormalString(text) {
		return text
	}
	var out strings.Builder
	done, start, marks := 0, 0, 0 // start: of the characters that may compose with each other
	flush := func(end int) {
		if marks > manyMarks {
			out.WriteString(norm.NFC.String(text[done:start]))
			out.WriteString(string(composeMarks(decompose(text[start:end]))))
			done = end
		}
	}
	for i := 0; i < len(text); {
		p := norm.NFC.PropertiesString(text[i:])
		if p.BoundaryBefore() {
			flush(i)
			start, marks = i, 0
		}
		marks++
		i += max(p.Size(), 1)
	}
	flush(len(text))
	out.WriteString(norm.NFC.String(text[done:]))
	return out.String()
}

// decompose returns text in normal form D: each run of marks is in the order of their combining classes, and marks of
// one class keep theirs.
func decompose(text string) []rune {
	var out []rune
	var marks [256][]rune
	flush := func() {
		for class := range marks {
			out = append(out, marks[class]...)
			marks[class] = marks[class][:0]
		}
	}
	for _, r := range text {
		for _, d := range norm.NFD.String(string(r)) {
			class := combiningClass(d)
			if class == 0 {
				flush()
				out = append(out, d)
			} else {
				marks[class] = append(marks[class], d)
			}
		}
	}
	flush()
	return out
}

// composeMarks joins, in place, each starter with the later characters that it composes with. A mark is out of its reach
// if one of the same or a higher class stands between.
func composeMarks(text []rune) []rune {
	out := text[:0]
	starter, last := -1, uint8(0)
	for _, r := range text {
		class := combiningClass(r)
		if starter >= 0 && (starter == len(out)-1 || last < class) {
			pair := norm.NFC.String(string(out[starter]) + string(r))
			if c, n := utf8.DecodeRuneInString(pair); n == len(pair) {
				out[starter] = c
				continue
			}
		}
		out, last = append(out, r), class
		if class == 0 {
			starter = len(out) - 1
		}
	}
	return out
}

func combiningClass(r rune) uint8 { return norm.NFD.PropertiesString(string(r)).CCC() }
