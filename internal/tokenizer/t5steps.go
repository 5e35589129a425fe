package tokenizer

import (
	"errors"
	"fmt"
	"slices"
)

// A fileStep is a normalizer or a pre-tokenizer in tokenizer.json.
type fileStep struct {
	Type          string     `json:"type"`
	Normalizers   []fileStep `json:"normalizers"`   // of a Sequence
	PreTokenizers []fileStep `json:"pretokenizers"` // of a Sequence
	Charsmap      []byte     `json:"precompiled_charsmap"`
	StripLeft     bool       `json:"strip_left"`
	StripRight    bool       `json:"strip_right"`
	Pattern       struct {
		Regex string
	} `json:"pattern"`
	Content        string  `json:"content"`
	Replacement    string  `json:"replacement"`
	PrependScheme  *string `json:"prepend_scheme"`
	AddPrefixSpace *bool   `json:"add_prefix_space"` // what older files have instead
	Split          *bool   `json:"split"`
}

// normalizers returns the normalizers of s, which is nil if there are none.
func (s *fileStep) normalizers() ([]normalizer, error) {
	if s == nil {
		return nil, nil
	}
	steps, err := s.flatten()
	if err != nil {
		return nil, err
	}
	var all []normalizer
	charsmaps := 0
	for _, step := range steps {
		some, err := step.normalizer()
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if step.Type == "Precompiled" {
			charsmaps++
		}
	}
	if charsmaps > 1 { // each of which can make text longer
		return nil, fmt.Errorf("%d of type Precompiled, more than 1", charsmaps)
	}
	return all, nil
}

func (s *fileStep) normalizer() ([]normalizer, error) {
	switch s.Type {
	case "Precompiled":
		chars, err := newCharsmap(s.Charsmap)
		if err != nil {
			return nil, fmt.Errorf("charsmap: %w", err)
		}
		return []normalizer{chars.normalize}, nil
	case "Strip":
		var strips []normalizer
		if s.StripLeft {
			strips = append(strips, stripLeft)
		}
		if s.StripRight {
			strips = append(strips, stripRight)
		}
		return strips, nil
	case "Replace":
		if s.Pattern.Regex != manySpaces || s.Content != metaspace {
			return nil, fmt.Errorf("type Replace of other than %q by %q is not supported", manySpaces, metaspace)
		}
		return []normalizer{joinSpaces}, nil
	}
	return nil, fmt.Errorf("type %q is not supported", s.Type)
}

// splitters returns the pre-tokenizers of s.
func (s *fileStep) splitters() ([]splitter, error) {
	if s == nil {
		return nil, errors.New("is missing")
	}
	steps, err := s.flatten()
	if err != nil {
		return nil, err
	}
	var all []splitter
	for _, step := range steps {
		switch step.Type {
		case "WhitespaceSplit":
			all = append(all, splitWhiteSpace)
		case "Metaspace":
			if err := step.checkMetaspace(); err != nil {
				return nil, fmt.Errorf("type Metaspace: %w", err)
			}
			all = append(all, splitMetaspace)
		default:
			return nil, fmt.Errorf("type %q is not supported", step.Type)
		}
	}
	return all, nil
}

func (s *fileStep) checkMetaspace() error {
	switch {
	case s.Replacement != metaspace:
		return fmt.Errorf("replacement %q, want %q", s.Replacement, metaspace)
	case s.PrependScheme != nil && *s.PrependScheme != "always":
		return fmt.Errorf("prepend_scheme %q is not supported", *s.PrependScheme)
	case s.AddPrefixSpace != nil && !*s.AddPrefixSpace:
		return errors.New("add_prefix_space false is not supported")
	case s.Split != nil && !*s.Split:
		return errors.New("split false is not supported")
	}
	return nil
}

// flatten returns the steps of s in their order, without the Sequences.
func (s *fileStep) flatten() ([]fileStep, error) {
	if s.Type != "Sequence" {
		return []fileStep{*s}, nil
	}
	var steps []fileStep
	for _, part := range slices.Concat(s.Normalizers, s.PreTokenizers) {
		some, err := part.flatten()
		if err != nil {
			return nil, err
		}
		if steps = append(steps, some...); len(steps) > maxSteps {
			return nil, fmt.Errorf("more than %d steps", maxSteps)
		}
	}
	return steps, nil
}
