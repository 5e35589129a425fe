package tokenizer

import (
	"context"
	"fmt"
)

// The special tokens of a T5 vocabulary, besides [unknownPiece]. T5 pads with zeros.
const (
	paddingPiece = "<pad>"
	endPiece     = "</s>"
)

// A T5 is the Unigram vocabulary of a model folder, with the steps that prepare text for it.
//
// A prompt may be any string. What is not UTF-8 in it counts as U+FFFD.
type T5 struct {
	added       *addedTokens
	normalizers []normalizer
	splitters   []splitter
	vocab       *unigram
	end         int32
	size        int
}

// newT5 checks what both kinds of files have to say. The added tokens may have ids after those of the pieces.
func newT5(pieces []scoredPiece, unknown int, added []addedToken) (*T5, error) {
	vocab, err := newUnigram(pieces, unknown)
	if err != nil {
		return nil, err
	}
	t := &T5{vocab: vocab, end: vocab.pieces.find(endPiece), size: len(pieces)}
	if t.end == none {
		return nil, fmt.Errorf("no piece %s", endPiece)
	}
	if pieces[0].text != paddingPiece {
		return nil, fmt.Errorf("piece 0 is %q, not %s", pieces[0].text, paddingPiece)
	}
	for _, a := range added {
		want := vocab.pieces.find(a.text)
		if want == none {
			want = int32(t.size)
			t.size++
		}
		if a.id != want {
			return nil, fmt.Errorf("added token %q has id %d, want %d", a.text, a.id, want)
		}
	}
	t.added, err = newAddedTokens(added)
	return t, err
}

// Size returns the number of tokens: the pieces and the extra ids.
func (t *T5) Size() int { return t.size }

// IDs returns the ids of text as Hugging Face's T5TokenizerFast makes them: at most length-1 tokens, the end, then
// zeros up to length, which is at least 1. Once ctx has ended they are undefined: a vocabulary may make any text long.
func (t *T5) IDs(ctx context.Context, text string, length int) []int32 {
	ids := make([]int32, length)
	n := copy(ids[:length-1], t.tokens(ctx, replaceInvalid(text), length-1))
	ids[n] = t.end
	return ids
}

// Count returns the number of tokens that text has, without the end. Once ctx has ended it is undefined.
func (t *T5) Count(ctx context.Context, text string) int {
	return len(t.tokens(ctx, replaceInvalid(text), unlimited))
}

// tokens returns the first tokens of text, at least limit if it has as many.
func (t *T5) tokens(ctx context.Context, text string, limit int) []int32 {
	var tokens []int32
	l := lattice{vocab: t.vocab}
	for text != "" && len(tokens) < limit && ctx.Err() == nil {
		part, found, rest := t.added.cut(text)
		for _, normalize := range t.normalizers {
			part = normalize(part)
		}
		for word := range split(part, t.splitters) {
			tokens = l.appendTokens(ctx, tokens, word)
			if len(tokens) >= limit {
				break
			}
		}
		if found != nil {
			tokens = append(tokens, found.id)
		}
		text = rest
	}
	return tokens
}
