package tokenizer

import (
	"html"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// unescape replaces character references as Python's html.unescape does, with or without their semicolon. Go's
// html.UnescapeString agrees with it on names, not on numbers.
func unescape(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		text = after
		if strings.HasPrefix(after, "#") {
			form, n := numericReference(after)
			out.WriteString(form)
			text = after[n:]
			continue
		}
		n := nameLength(after, len(after))
		if n < len(after) && after[n] == ';' {
			n++
		}
		out.WriteString(unescapeName("&" + after[:n]))
		text = after[n:]
	}
}

// unescapeClosed replaces character references as ftfy does: only those with a semicolon, but also names in upper case.
func unescapeClosed(text string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		text = after
		if form, n, ok := closedReference(after); ok {
			out.WriteString(form)
			text = after[n:]
			continue
		}
		out.WriteByte('&')
	}
}

// closedReference returns the text that the reference stands for that s, which follows a "&", begins with, and the
// reference's length.
func closedReference(s string) (form string, n int, ok bool) {
	const longest = 24
	digits := strings.TrimPrefix(s, "#")
	start := len(s) - len(digits)
	n = start + nameLength(digits, longest)
	if n == start || n == len(s) || s[n] != ';' {
		return "", 0, false
	}
	if start == 1 {
		form, used := numericReference(s)
		return form, n + 1, used == n+1 && form != ";"
	}
	form, ok = namedReference(s[:n])
	return form, n + 1, ok
}

// nameLength returns how many letters and digits s begins with, or limit if there are more.
func nameLength(s string, limit int) int {
	n := 0
	for n < len(s) && n < limit && (isLatin(rune(s[n])) || isDigit(s[n])) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

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
	base, digits := rune(10), s[1:]
	if digits != "" && digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	n = len(s) - len(digits)
	start, code := n, rune(0)
	for n < len(s) && digitValue(s[n]) < base {
		code = min(code*base+digitValue(s[n]), utf8.MaxRune+1)
		n++
	}
	if n == start {
		return "&#", 1
	}
	if n < len(s) && s[n] == ';' {
		n++
	}
	return referenced(code), n
}

// digitValue returns the value of a hexadecimal digit, or 16 for another character.
func digitValue(c byte) rune {
	switch lower := c | 0x20; {
	case isDigit(c):
		return rune(c - '0')
	case 'a' <= lower && lower <= 'f':
		return rune(lower-'a') + 10
	}
	return 16
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
