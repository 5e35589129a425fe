package tokenizer

import (
	"strings"
	"unicode"
)

// cleanFaceCLIP cleans a prompt as FaceCLIP does.
func cleanFaceCLIP(text string) string {
	text = new(fixer).fix(replaceInvalid(text))
	// The reference unescapes twice, for text that was escaped twice.
	return lowerCase(collapseSpaces(unescape(unescape(text))))
}

// cleanHF cleans a part of a prompt as Hugging Face's tokenizer does, with the fixer of the prompt.
func cleanHF(f *fixer, text string) string {
	return lowerCase(collapseSpaces(f.fix(text)))
}

// collapseSpaces joins the words of text with single spaces.
func collapseSpaces(text string) string {
	return strings.Join(strings.FieldsFunc(text, isSpace), " ")
}

// isSpace reports whether Python's str.isspace does: Unicode's White_Space and four separators of ASCII.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }
