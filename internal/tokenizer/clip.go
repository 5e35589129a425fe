// Package tokenizer turns prompts into the ids of tokens.
//
// [CLIP] is the byte-level BPE vocabulary of the CLIP text encoders. Two front ends put text into it: FaceCLIP's, which
// is open_clip's, and Hugging Face's. They clean text alike, with the steps of the Python package ftfy, and differ in
// HTML entities, special strings and padding.
//
// [T5] is the Unigram vocabulary of the T5 text encoder of FLUX.1. Its front end is written in the files that the
// vocabulary comes in, which differ: spiece.model and tokenizer.json.
package tokenizer

import (
	"fmt"
	"math"
	"slices"
)

// Length is how many ids a text encoder of CLIP takes.
const Length = 77

// The special tokens of a vocabulary.
const (
	startOfText = "<|startoftext|>"
	endOfText   = "<|endoftext|>"
)

// A CLIP is the byte-level BPE vocabulary of a model folder.
//
// A prompt may be any string. What is not UTF-8 in it counts as U+FFFD.
type CLIP struct {
	vocab      *vocabulary
	start, end int32
	// The strings of text that are the start and the end for each front end.
	faceclipSpecials, hfSpecials *addedTokens
}

// NewCLIP reads the contents of vocab.json and merges.txt.
func NewCLIP(vocab, merges []byte) (*CLIP, error) {
	ids, err := parseIDs(vocab)
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(ids)
	if err != nil {
		return nil, fmt.Errorf("vocab.json: %w", err)
	}
	if err := v.readMerges(merges, ids); err != nil {
		return nil, fmt.Errorf("merges.txt: %w", err)
	}
	return newCLIP(ids, v)
}

func newCLIP(ids map[string]int32, v *vocabulary) (c *CLIP, err error) {
	c = &CLIP{vocab: v, start: ids[startOfText], end: ids[endOfText]}
	if c.faceclipSpecials, err = c.specials("<start_of_text>", "<end_of_text>"); err != nil {
		return nil, err
	}
	c.hfSpecials, err = c.specials(startOfText, endOfText)
	return c, err
}

func (c *CLIP) specials(start, end string) (*addedTokens, error) {
	return newAddedTokens([]addedToken{{text: start, id: c.start}, {text: end, id: c.end}})
}

// Size returns the number of tokens in the vocabulary.
func (c *CLIP) Size() int { return c.vocab.size }

// FaceCLIP returns the [Length] ids of text as FaceCLIP's tokenizer makes them: the start, at most 75 tokens, the end,
// then zeros.
func (c *CLIP) FaceCLIP(text string) []int32 {
	return c.frame(c.faceclip(text, Length-2), 0)
}

// FaceCLIPEncode returns the ids of text as FaceCLIP's tokenizer makes them, without the start, the end and padding.
func (c *CLIP) FaceCLIPEncode(text string) []int32 {
	return c.faceclip(text, unlimited)
}

// HFEncode returns the ids of text as Hugging Face's CLIPTokenizer makes them, without the start, the end and padding.
func (c *CLIP) HFEncode(text string) []int32 { return c.hf(text, unlimited) }

// HF returns the [Length] ids of text as Hugging Face's CLIPTokenizer makes them: the start, at most 75 tokens, then
// the end as often as it takes.
func (c *CLIP) HF(text string) []int32 {
	return c.frame(c.hf(text, Length-2), c.end)
}

// frame returns the start, the tokens, the end and padding.
func (c *CLIP) frame(tokens []int32, padding int32) []int32 {
	ids := slices.Concat([]int32{c.start}, tokens, []int32{c.end})
	return append(ids, slices.Repeat([]int32{padding}, Length-len(ids))...)
}

const unlimited = math.MaxInt

// faceclip returns the first tokens of text, at most limit.
func (c *CLIP) faceclip(text string, limit int) []int32 {
	return c.encode(nil, cleanFaceCLIP(text), c.faceclipSpecials, limit)
}

// hf returns the first tokens of text, at most limit. The special strings split the text before it is cleaned; others
// may become special by cleaning.
func (c *CLIP) hf(text string, limit int) []int32 {
	var (
		f      fixer
		tokens []int32
	)
	text = replaceInvalid(text)
	for {
		part, found, rest := c.hfSpecials.cut(text)
		tokens = c.encode(tokens, cleanHF(&f, part), c.hfSpecials, limit)
		if found == nil || len(tokens) == limit {
			return tokens
		}
		tokens = append(tokens, found.id)
		text = rest
	}
}

// encode appends the tokens of clean lower-case text to tokens until there are limit.
func (c *CLIP) encode(tokens []int32, text string, specials *addedTokens, limit int) []int32 {
	w := word{vocab: c.vocab}
	for len(tokens) < limit {
		var piece string
		piece, text = nextPiece(text, specials.tokens)
		if piece == "" {
			break
		}
		if k := specials.texts.find(piece); k != none {
			tokens = append(tokens, specials.tokens[k].id)
		} else {
			tokens = w.appendTokens(tokens, piece)
		}
	}
	return tokens[:min(len(tokens), limit)]
}
