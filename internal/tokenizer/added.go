package tokenizer

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// An addedToken is a string that is cut out of the text, whatever else it contains.
type addedToken struct {
	text string
	id   int32
	// These take white space beside it away.
	stripLeft, stripRight bool
}

// addedTokens cuts text at the added tokens, the longest where several begin.
type addedTokens struct {
	tokens []addedToken
	texts  *trie
}

func newAddedTokens(tokens []addedToken) (*addedTokens, error) {
	var texts []string
	for _, t := range tokens {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("added token %q: %w", t.text, err)
		}
		texts = append(texts, t.text)
	}
	found, err := newTrie(texts)
	if err != nil {
		return nil, fmt.Errorf("added tokens: %w", err)
	}
	return &addedTokens{tokens, found}, nil
}

// check makes sure that cutting needs no time to speak of and that no token begins in space that another took away.
func (t addedToken) check() error {
	switch {
	case t.text == "":
		return errors.New("is empty")
	case len(t.text) > maxPiece:
		return fmt.Errorf("has %d bytes, more than %d", len(t.text), maxPiece)
	case strings.TrimSpace(t.text) != t.text:
		return errors.New("begins or ends with white space")
	}
	return nil
}

// cut cuts text around the first added token, which is nil if there is none.
func (a *addedTokens) cut(text string) (before string, found *addedToken, after string) {
	for i := range len(text) {
		k := a.texts.longest(text[i:])
		if k == none {
			continue
		}
		found = &a.tokens[k]
		before, after = text[:i], text[i+len(found.text):]
		if found.stripLeft {
			before = strings.TrimRightFunc(before, unicode.IsSpace)
		}
		if found.stripRight {
			after = strings.TrimLeftFunc(after, unicode.IsSpace)
		}
		return before, found, after
	}
	return text, nil, ""
}
