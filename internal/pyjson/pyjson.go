// Package pyjson takes texts as Python and editors write them: JSON with the numbers that JSON does not have, and a byte order
// mark in front.
package pyjson

import (
	"bytes"
	"fmt"
	"regexp"
)

// mark is the byte order mark that some editors put before a text in UTF-8.
var mark = []byte("\ufeff")

// Text returns a text without a byte order mark.
func Text(text []byte) []byte { return bytes.TrimPrefix(text, mark) }

// numbers are strings, and what Python writes for numbers that JSON does not have.
var numbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity|NaN`)

// JSON returns JSON that encoding/json takes. Numbers that JSON does not have become strings, such as "NaN": where a number is
// wanted there is an error that says so, and elsewhere none.
func JSON(text []byte) []byte {
	text = Text(text)
	if !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Infinity")) {
		return text
	}
	return numbers.ReplaceAllFunc(text, func(found []byte) []byte {
		if found[0] == '"' {
			return found
		}
		return fmt.Appendf(nil, "%q", found)
	})
}
