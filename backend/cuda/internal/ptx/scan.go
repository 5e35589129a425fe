package ptx

import (
	"fmt"
	"strings"
)

// A token is a word, a number, a string or a sign of the text.
type token struct {
	text string
	line int
}

// scan cuts a text into tokens. Comments go.
func scan(text string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		rest := text[i:]
		n := 1
		switch c := text[i]; {
		case c == '\n':
			line++
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r':
			i++
			continue
		case strings.HasPrefix(rest, "//"):
			if n = strings.IndexByte(rest, '\n'); n < 0 {
				n = len(rest)
			}
			i += n
			continue
		case c == '"':
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("ptx: line %d: string without an end", line)
			}
			n = end + 2
		case inWord(c):
			n = wordLength(rest)
		}
		tokens = append(tokens, token{rest[:n], line})
		i += n
	}
	return tokens, nil
}

func inWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_$%.", c) >= 0
}

// wordLength returns the length of the word that s begins with. Words may hold "::", as in L2::128B.
func wordLength(s string) int {
	n := 0
	for n < len(s) {
		switch {
		case inWord(s[n]):
			n++
		case strings.HasPrefix(s[n:], "::"):
			n += 2
		default:
			return n
		}
	}
	return n
}
