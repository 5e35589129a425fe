package tokenizer

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// unescape replaces character references as Python's html.unescape does, with or without their semicolon. Go's
// html.UnescapeString agrees with it on names, not on numbers.
func unescape(text string) string { return replaceReferences(text, openReference) }

// unescapeClosed replaces character references as ftfy does: only those with a semicolon, but also names in upper case.
func unescapeClosed(text string) string { return replaceReferences(text, closedReference) }

// replaceReferences replaces each "&" and what reference finds after it: the text that a reference stands for, and its
// length without the "&".
func replaceReferences(text string, reference func(after string) (form string, n int)) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		form, n := reference(after)
		out.WriteString(form)
		text = after[n:]
	}
}

func openReference(s string) (form string, n int) {
	if strings.HasPrefix(s, "#") {
		return numericReference(s)
	}
	n = nameLength(s, len(s))
	if strings.HasPrefix(s[n:], ";") {
		n++
	}
	return unescapeName("&" + s[:n]), n
}

func closedReference(s string) (form string, n int) {
	const longest = 24
	digits := strings.TrimPrefix(s, "#")
	start := len(s) - len(digits)
	n = start + nameLength(digits, longest)
	ok := n > start && strings.HasPrefix(s[n:], ";")
	switch {
	case ok && start == 1:
		used := 0
		form, used = numericReference(s)
		ok = used == n+1 && form != ";"
	case ok:
		form, ok = namedReference(s[:n])
	}
	if !ok {
		return "&", 0
	}
	return form, n + 1
}

// nameLength returns how many letters and digits s begins with, or limit if there are more.
func nameLength(s string, limit int) int {
	return prefixLength(s[:min(len(s), limit)], func(r rune) bool { return isLatin(r) || '0' <= r && r <= '9' })
}

// namedReference returns the text that &name; stands for.
func namedReference(name string) (string, bool) {
	if form, ok := entity(name); ok {
		return form, true
	}
	// NTILDE is taken for the upper case of ntilde; but not a name that begins with another's, such as AMPX.
	if name == strings.ToUpper(name) && unescapeName("&"+name+";") == "&"+name+";" {
		form, ok := entity(strings.ToLower(name))
		return cases.Upper(language.Und).String(form), ok
	}
	return "", false
}

// entity returns the text that HTML's &name; stands for.
func entity(name string) (string, bool) {
	form := unescapeName("&" + name + ";")
	// A longer name than HTML's is replaced in part, which leaves the semicolon.
	return form, name == "semi" || !strings.HasSuffix(form, ";")
}

// unescapeName replaces a named reference. Go's table of names lacks two of HTML's.
func unescapeName(reference string) string {
	switch reference {
	case "&nGt;":
		return "≫\u20d2"
	case "&nLt;":
		return "≪\u20d2"
	}
	return html.UnescapeString(reference)
}

// numericReference returns the text that the reference stands for that s, which follows a "&", begins with, and the
// reference's length. A number without digits stands for itself.
func numericReference(s string) (form string, n int) {
	base, digits, rest := 10, s[1:], strings.TrimLeft(s[1:], "0123456789")
	if digits != "" && digits[0]|0x20 == 'x' {
		base, digits, rest = 16, digits[1:], strings.TrimLeft(digits[1:], "0123456789abcdefABCDEF")
	}
	number := digits[:len(digits)-len(rest)]
	if number == "" {
		return "&#", 1
	}
	code, _ := strconv.ParseUint(number, base, 31) // the largest if it is too large
	return referenced(rune(code)), len(s) - len(strings.TrimPrefix(rest, ";"))
}

// referenced returns the text that the number code stands for in HTML: nothing for most controls and for noncharacters.
func referenced(code rune) string {
	switch {
	case code == 0, !utf8.ValidRune(code):
		return "\ufffd"
	case code == '\t', code == '\n', code == '\f', code == '\r':
		return string(code)
	case 0x80 <= code && code <= 0x9f:
		return string(windows1252.decode(byte(code)))
	case code < ' ', code == 0x7f, 0xfdd0 <= code && code <= 0xfdef, code&0xfffe == 0xfffe:
		return ""
	}
	return string(code)
}
