package tokenizer

import (
	"iter"
	"regexp"
	"strings"
	"unicode"
)

// metaspace is the character that stands for a space in pieces.
const metaspace = "▁"

// A normalizer changes text before it is split.
type normalizer func(text string) string

// A splitter splits text into words.
type splitter func(text string) iter.Seq[string]

// split applies one splitter after another.
func split(text string, splitters []splitter) iter.Seq[string] {
	return func(yield func(string) bool) {
		if len(splitters) == 0 {
			yield(text)
			return
		}
		for word := range splitters[0](text) {
			for part := range split(word, splitters[1:]) {
				if !yield(part) {
					return
				}
			}
		}
	}
}

func splitWhiteSpace(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(text, unicode.IsSpace)
}

// splitMetaspace puts a metaspace for each space and at the beginning, unless there is one, and splits before each.
func splitMetaspace(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text := strings.ReplaceAll(text, " ", metaspace)
		if text != "" && !strings.HasPrefix(text, metaspace) {
			text = metaspace + text
		}
		for text != "" {
			end := len(text)
			if next := strings.Index(text[len(metaspace):], metaspace); next >= 0 {
				end = len(metaspace) + next
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

func stripLeft(text string) string  { return strings.TrimLeftFunc(text, unicode.IsSpace) }
func stripRight(text string) string { return strings.TrimRightFunc(text, unicode.IsSpace) }

// manySpaces is the pattern that T5's normalizer replaces.
const manySpaces = " {2,}"

var spaceRuns = regexp.MustCompile(manySpaces)

func joinSpaces(text string) string { return spaceRuns.ReplaceAllLiteralString(text, metaspace) }
