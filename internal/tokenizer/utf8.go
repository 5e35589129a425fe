package tokenizer

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// replaceInvalid returns text with U+FFFD for what is not UTF-8, one for each longest beginning of a character, as
// Python decodes bytes with errors="replace".
func replaceInvalid(text string) string {
	valid, err := unicode.UTF8.NewDecoder().String(text)
	if err != nil {
		panic(err) // whatever the text is, this decoder takes it
	}
	return valid
}

// decodeLoose decodes UTF-8 and two of its variants: CESU-8, which has surrogates, and Java's, in which zero is C0 80.
func decodeLoose(b []byte) ([]rune, bool) {
	text := make([]rune, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			if r, n = decodeVariant(b); n == 0 {
				return nil, false
			}
		}
		text, b = append(text, r), b[n:]
	}
	return text, true
}

// variants matches, in bytes, a zero and a character beyond U+FFFF as two surrogates. In ftfy's expressions a line break
// that ends the text can stand for the last byte.
var variants = newPattern(
	sequence{"\u00c0", "\n\u0080"},
	sequence{"\u00ed", "\u00a0-\u00af", "\u0080-\u00bf", "\u00ed", "\u00b0-\u00bf", "\n\u0080-\u00bf"},
)

// decodeVariant decodes the variant that b begins with. Its length is 0 if there is none.
func decodeVariant(b []byte) (r rune, n int) {
	n = matchLength(variants, b)
	if n == 0 || b[n-1] == '\n' && n < len(b) {
		return 0, 0
	}
	if n == 2 {
		return 0, n
	}
	return 0x10000 + rune(b[1]&0x0f)<<16 + rune(b[2]&0x3f)<<10 + rune(b[4]&0x0f)<<6 + rune(b[5]&0x3f), n
}
