package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lowerCase returns text in lower case as Python's str.lower does. strings.ToLower differs in two letters: İ keeps its
// dot as a combining mark, and Σ at the end of a word becomes ς.
func lowerCase(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	for i, r := range text {
		switch r {
		case 'İ':
			out.WriteString("i\u0307")
		case 'Σ':
			if endsWord(text[:i], text[i+len("Σ"):]) {
				out.WriteRune('ς')
			} else {
				out.WriteRune('σ')
			}
		default:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

// endsWord reports whether a letter between before and after is the last of a word: there is a cased letter before it
// and none after it, looking past what case ignores.
func endsWord(before, after string) bool {
	before = strings.TrimRightFunc(before, caseIgnorable)
	after = strings.TrimLeftFunc(after, caseIgnorable)
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return cased(last) && !cased(first)
}

// cased reports whether r has Unicode's property Cased.
func cased(r rune) bool {
	return unicode.In(r, unicode.Ll, unicode.Lu, unicode.Lt, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// caseIgnorable reports whether r has the property Case_Ignorable: marks, formats, modifiers, and the punctuation that
// occurs within words.
func caseIgnorable(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk) ||
		strings.ContainsRune("'.:·\u0387\u055f\u05f4‘’\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a", r)
}
