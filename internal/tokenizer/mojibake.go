package tokenizer

import (
	"bytes"
	"slices"
	"strings"
)

// spaceForByte matches UTF-8 in which a no-break space, byte A0, has become a space. The leads are those that make a
// likely character with A0.
var spaceForByte = newPattern(
	sequence{"\u00c2\u00c3\u00c5\u00ce\u00d0\u00d9", " "},
	sequence{"\u00e2\u00e3", " ", "\u0080-\u0084\u0086-\u009f\u00a1-\u00bf"},
	sequence{"\u00e0-\u00e3", "\u0080-\u0084\u0086-\u009f\u00a1-\u00bf", " "},
	sequence{"\u00f0", " ", "\u0080-\u00bf", "\u0080-\u00bf"},
	sequence{"\u00f0", "\u0080-\u00bf", " ", "\u0080-\u00bf"},
	sequence{"\u00f0", "\u0080-\u00bf", "\u0080-\u00bf", " "},
)

// lostBytes matches UTF-8 in which bytes were lost: they are 1A, and one of them may have become a question mark.
var lostBytes = newPattern(
	sequence{"\u00c2-\u00df", "\u001a"},
	sequence{"\u00c2\u00c3", "?"},
	sequence{"\u00ed", "\u00a0-\u00af", "\u001a?", "\u00ed", "\u00b0-\u00bf", "\u001a?\u0080-\u00bf"},
	sequence{"\u00ed", "\u00a0-\u00af", "\u001a?\u0080-\u00bf", "\u00ed", "\u00b0-\u00bf", "\u001a?"},
	sequence{"\u00e0-\u00ef", "\u001a?", "\u001a\u0080-\u00bf"},
	sequence{"\u00e0-\u00ef", "\u001a\u0080-\u00bf", "\u001a?"},
	sequence{"\u00f0-\u00f4", "\u001a?", "\u001a\u0080-\u00bf", "\u001a\u0080-\u00bf"},
	sequence{"\u00f0-\u00f4", "\u001a\u0080-\u00bf", "\u001a?", "\u001a\u0080-\u00bf"},
	sequence{"\u00f0-\u00f4", "\u001a\u0080-\u00bf", "\u001a\u0080-\u00bf", "\u001a?"},
	sequence{"\u001a"},
)

// embedded matches a character of UTF-8 as it looks when read in a Latin-like codepage.
var embedded = newPattern(
	sequence{readAs(0xc2, 0xdf), continuation},
	sequence{readAs(0xe0, 0xef), continuation, continuation},
	sequence{readAs(0xf0, 0xf0) + readAs(0xf3, 0xf3), continuation, continuation, continuation},
)

var continuation = " " + readAs(0x80, 0xbf)

var continuations = setOf(continuation)

// continues reports whether r, before an embedded character, makes it part of a longer garble that is better left alone:
// the continuations do, less those that often stand for themselves.
func continues(r rune) bool {
	return continuations[r] && !strings.ContainsRune(" –—―‘’‚“”„•…", r)
}

// readAs returns what the bytes from first to last look like in the Latin-like codepages.
func readAs(first, last int) string {
	var set []rune
	for _, page := range codepages[:latinLike] {
		for b := first; b <= last; b++ {
			set = append(set, page.decode(byte(b)))
		}
	}
	return string(set)
}

// repairEncoding undoes, as often as it happened, that text was encoded as UTF-8 and decoded as something else.
func (f *fixer) repairEncoding(text []rune) []rune {
	for {
		fixed := f.repairOnce(text)
		if slices.Equal(fixed, text) || !f.repeat(len(text)) {
			return fixed
		}
		text = fixed
	}
}

func (f *fixer) repairOnce(text []rune) []rune {
	if !looksMisread(text) {
		return text
	}
	possible := possibleCodepages(text)
	for p := range codepages {
		if possible>>p&1 == 1 {
			if fixed, ok := reread(text, p); ok {
				return fixed
			}
		}
	}
	if fixed := f.repairEmbedded(text); !slices.Equal(fixed, text) {
		return fixed
	}
	return readControls(text)
}

// reread encodes text in codepage p and decodes it as UTF-8.
func reread(text []rune, p int) ([]rune, bool) {
	b := encode(text, p)
	if !codepages[p].keepSpaces {
		b = restoreSpaces(b)
	}
	if codepages[p].windows {
		b = replaceMatches(lostBytes, b, func(out, _ []byte) []byte { return append(out, "\ufffd"...) })
	}
	return decodeLoose(b)
}

// restoreSpaces turns spaces back into the byte A0 where that makes UTF-8.
func restoreSpaces(b []byte) []byte {
	if !bytes.Contains(b, []byte(" ")) {
		return b
	}
	return replaceMatches(spaceForByte, restoreGraveWords(b), func(out, match []byte) []byte {
		return append(out, bytes.ReplaceAll(match, []byte(" "), []byte{0xa0})...)
	})
}

// restoreGraveWords inserts A0 between C3 and a space: "à la" loses it more often than the space, except in
// Portuguese contractions.
func restoreGraveWords(b []byte) []byte {
	grave := []byte("\xc3 ")
	var out []byte
	for {
		before, after, found := bytes.Cut(b, grave)
		out = append(out, before...)
		if !found {
			return out
		}
		out = append(out, 0xc3)
		if !hasAnyPrefix(after, " ", "quele", "quela", "quilo", "s ") {
			out = append(out, 0xa0)
		}
		out, b = append(out, ' '), after
	}
}

func hasAnyPrefix(b []byte, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return bytes.HasPrefix(b, []byte(p)) })
}

// repairEmbedded repairs those runs of text that look like UTF-8, where text as a whole is in no one codepage.
func (f *fixer) repairEmbedded(text []rune) []rune {
	var out []rune
	for i := 0; i < len(text); {
		n := 0
		if i == 0 || !continues(text[i-1]) {
			n = embeddedLength(text[i:])
		}
		run := text[i : i+max(n, 1)]
		i += len(run)
		// A run that is all of text has been tried already.
		if n > 0 && len(run) < len(text) && looksMisread(run) {
			run = f.repairEncoding(run)
		}
		out = append(out, run...)
	}
	return out
}

// embeddedLength returns the length of the run of embedded characters that text begins with.
func embeddedLength(text []rune) int {
	n := 0
	for {
		m := matchLength(embedded, text[n:])
		if m == 0 {
			return n
		}
		n += m
	}
}

// readControls reads C1 control characters as Windows-1252, as browsers do.
func readControls(text []rune) []rune {
	out := slices.Clone(text)
	for i, r := range text {
		if 0x80 <= r && r <= 0x9f {
			out[i] = windows1252.decode(byte(r))
		}
	}
	return out
}

var windows1252 = codepages[1]
