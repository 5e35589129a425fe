package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// contractions are pieces by themselves, wherever a piece begins.
var contractions = []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}

// nextPiece returns the first piece of lower-case text and what follows it: a special string, a contraction, a run of
// letters, one digit, or a run of other characters. The piece is empty at the end.
func nextPiece(text string, specials []addedToken) (piece, rest string) {
	text = strings.TrimLeftFunc(text, isGap)
	n := pieceLength(text, specials)
	return text[:n], text[n:]
}

func pieceLength(text string, specials []addedToken) int {
	for _, s := range specials {
		if n := foldedPrefix(text, s.text); n > 0 {
			return n
		}
	}
	for _, c := range contractions {
		if n := foldedPrefix(text, c); n > 0 {
			return n
		}
	}
	first, n := utf8.DecodeRuneInString(text)
	switch {
	case unicode.IsLetter(first):
		return prefixLength(text, unicode.IsLetter)
	case unicode.IsNumber(first):
		return n
	}
	return prefixLength(text, func(r rune) bool { return !isGap(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// isGap reports whether r belongs to no piece. Besides space it is the iota subscript U+0345, no letter itself, which
// the reference's pattern takes for its upper case, a letter, where letters are excluded.
func isGap(r rune) bool { return isSpace(r) || r == '\u0345' }

// prefixLength returns the length of what text begins with that is all in the class.
func prefixLength(text string, class func(rune) bool) int {
	return len(text) - len(strings.TrimLeftFunc(text, class))
}

// foldedPrefix returns the length of the beginning of lower-case text that equals the ASCII string prefix when case is
// ignored, or 0. The only lower-case letter that is not its own folding is ſ, which is an s.
func foldedPrefix(text, prefix string) int {
	n := 0
	for i := range len(prefix) {
		switch {
		case n < len(text) && text[n] == prefix[i]:
			n++
		case prefix[i] == 's' && strings.HasPrefix(text[n:], "ſ"):
			n += len("ſ")
		default:
			return 0
		}
	}
	return n
}
