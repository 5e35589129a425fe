package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Limits of the JSON that is taken. The largest known checkpoints have some thousand tensors.
const (
	maxTensors  = 100_000
	maxTokens   = 1 << 21 // names, values and brackets; a tensor has 17 at most
	maxName     = 1 << 16 // bytes; in a .pt file, too
	maxElements = 64      // of an array: a shape has 4 at most
	maxDepth    = 3       // an array in a tensor's object in the header
	breath      = 1024    // tokens between two looks at whether reading shall end
)

// A scanner reads one JSON object, token by token: what is not wanted leaves nothing in memory. It takes no duplicate names, of
// which a decoder silently keeps one, and nothing beyond the limits.
type scanner struct {
	json   *json.Decoder
	ended  func() error
	tokens int
	depth  int
	wrong  error // the first value of another kind than expected; it is told when the text has turned out to be fine
}

// scan reads the object that text, which errors call what, consists of. Member is called for each name, and reads its value.
func scan(what string, text []byte, ended func() error, member func(s *scanner, name string) error) error {
	if text := bytes.TrimLeft(text, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return fmt.Errorf("%s starts with %q, expected {", what, text[:min(len(text), 8)])
	}
	s := &scanner{json: json.NewDecoder(bytes.NewReader(text)), ended: ended}
	s.json.UseNumber() // as a float64 it could be out of range, and the error would quote all its digits
	err := s.object(func(name string) error { return member(s, name) })
	if err == nil {
		if _, more := s.json.Token(); more != io.EOF {
			err = errors.New("goes on after the closing }")
		}
	}
	switch {
	case err != nil:
		return cmp.Or(ended(), fmt.Errorf("%s %w", what, err))
	case s.wrong != nil:
		return fmt.Errorf("%s: %w", what, s.wrong)
	}
	return nil
}

func (s *scanner) next() (json.Token, error) {
	if s.tokens++; s.tokens > maxTokens {
		return nil, fmt.Errorf("has more than %d names, values and brackets", maxTokens)
	}
	if s.tokens%breath == 0 {
		if err := s.ended(); err != nil {
			return nil, err
		}
	}
	t, err := s.json.Token()
	switch t {
	case json.Delim('{'), json.Delim('['):
		if s.depth++; s.depth > maxDepth {
			return nil, fmt.Errorf("is nested deeper than %d", maxDepth)
		}
	case json.Delim('}'), json.Delim(']'):
		s.depth--
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

// object reads an object. Member is called for each name, and reads its value.
func (s *scanner) object(member func(name string) error) error {
	t, err := s.next()
	if err == nil && t == json.Delim('{') {
		return s.members(member)
	}
	return s.unexpected(t, err, "an object")
}

// array reads an array, with element.
func (s *scanner) array(element func() error) error {
	t, err := s.next()
	if err == nil && t == json.Delim('[') {
		return s.elements(element)
	}
	return s.unexpected(t, err, "an array")
}

func (s *scanner) text() (string, error) {
	t, err := s.next()
	if text, ok := t.(string); ok && err == nil {
		return text, nil
	}
	return "", s.unexpected(t, err, "string")
}

// texts reads an object of texts, or null.
func (s *scanner) texts(to map[string]string) error {
	t, err := s.next()
	switch {
	case err == nil && t == nil:
		return nil
	case err != nil || t != json.Delim('{'):
		return s.unexpected(t, err, "an object")
	}
	return s.members(func(name string) (err error) {
		to[name], err = s.text()
		return err
	})
}

func (s *scanner) natural() (uint64, error) {
	t, err := s.next()
	if digits, ok := t.(json.Number); ok && err == nil {
		if n, err := strconv.ParseUint(digits.String(), 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, s.unexpected(t, err, "a natural number below 2^64")
}

// skip reads any value.
func (s *scanner) skip() error {
	t, err := s.next()
	if err != nil {
		return err
	}
	return s.rest(t)
}

// unexpected reads the rest of a value that is not what was expected, and keeps that for the end.
func (s *scanner) unexpected(t json.Token, err error, expected string) error {
	if err != nil {
		return err
	}
	s.fail("found %s, expected %s", describe(t), expected)
	return s.rest(t)
}

// fail says what is wrong, if it is the first.
func (s *scanner) fail(message string, args ...any) {
	if s.wrong == nil {
		s.wrong = fmt.Errorf(message, args...)
	}
}

// describe returns a token, or its beginning.
func describe(t json.Token) string {
	switch t := t.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%.40q", t)
	case json.Number:
		return fmt.Sprintf("%.40s", t)
	}
	return fmt.Sprint(t)
}

// rest reads the rest of a value that begins with t.
func (s *scanner) rest(t json.Token) error {
	switch t {
	case json.Delim('{'):
		return s.members(func(string) error { return s.skip() })
	case json.Delim('['):
		return s.elements(s.skip)
	}
	return nil
}

func (s *scanner) elements(element func() error) error {
	for n := 0; s.json.More(); n++ {
		if n == maxElements {
			return fmt.Errorf("has an array of more than %d elements", maxElements)
		}
		if err := element(); err != nil {
			return err
		}
	}
	_, err := s.next() // the closing delimiter
	return err
}

func (s *scanner) members(member func(name string) error) error {
	seen := map[string]bool{}
	for s.json.More() {
		token, err := s.next()
		if err != nil {
			return err
		}
		name := token.(string) // the decoder takes nothing else for a name
		switch {
		case seen[name]:
			return fmt.Errorf("has %.100q twice", name)
		case len(seen) > maxTensors: // one more, for the metadata
			return fmt.Errorf("has more than %d entries", maxTensors)
		case len(name) > maxName:
			return fmt.Errorf("has the name %.100q… of %d bytes, expected at most %d", name, len(name), maxName)
		}
		seen[name] = true
		before := s.wrong
		if err := member(name); err != nil {
			return fmt.Errorf("%.100q: %w", name, err)
		}
		if before == nil && s.wrong != nil {
			s.wrong = fmt.Errorf("%.100q: %w", name, s.wrong)
		}
	}
	_, err := s.next()
	return err
}
