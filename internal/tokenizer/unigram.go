package tokenizer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Limits of a Unigram vocabulary. T5's longest piece has 48 bytes at most (16 characters), its 32000 pieces about a
// quarter of a megabyte.
const (
	maxPiece  = 256
	maxPieces = 4 << 20 // bytes together
)

const unknownPiece = "<unk>"

// unknownPenalty is how much worse than the worst piece an unknown character is.
const unknownPenalty = 10

type scoredPiece struct {
	text  string
	score float64 // the logarithm of its probability
}

// A unigram is a vocabulary that splits a word into the pieces of the greatest total score.
type unigram struct {
	pieces       *trie
	scores       []float64
	unknown      int32
	unknownScore float64 // of a character that is no piece
}

func newUnigram(pieces []scoredPiece, unknown int) (*unigram, error) {
	if len(pieces) > maxTokens {
		return nil, fmt.Errorf("%d pieces, more than %d", len(pieces), maxTokens)
	}
	if unknown < 0 || unknown >= len(pieces) || pieces[unknown].text != unknownPiece {
		return nil, fmt.Errorf("piece %d, for what is unknown, is not %s", unknown, unknownPiece)
	}
	u := &unigram{unknown: int32(unknown)}
	var texts []string
	total := 0
	for i, p := range pieces {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("piece %d: %w", i, err)
		}
		if total += len(p.text); total > maxPieces {
			return nil, fmt.Errorf("the pieces have more than %d bytes", maxPieces)
		}
		texts = append(texts, p.text)
		u.scores = append(u.scores, p.score)
	}
	u.unknownScore = slices.Min(u.scores) - unknownPenalty
	var err error
	u.pieces, err = newTrie(texts)
	return u, err
}

// check keeps scores small enough for sums of them to be finite.
func (p scoredPiece) check() error {
	switch {
	case p.text == "":
		return errors.New("is empty")
	case len(p.text) > maxPiece:
		return fmt.Errorf("has %d bytes, more than %d", len(p.text), maxPiece)
	case !utf8.ValidString(p.text):
		return fmt.Errorf("%q is not UTF-8", p.text)
	case !(math.Abs(p.score) <= math.MaxFloat32):
		return fmt.Errorf("%q has score %v", p.text, p.score)
	}
	return nil
}

// A lattice has, for each end in a word, the best way to split what is before. Its memory serves one word after
// another.
type lattice struct {
	vocab *unigram
	best  []ending
}

type ending struct {
	score  float64 // of all pieces up to here
	piece  int32
	length int32 // of the last piece; 0 where none ends
}

// appendTokens appends the tokens of word; none, once ctx has ended.
func (l *lattice) appendTokens(ctx context.Context, tokens []int32, word string) []int32 {
	l.best = slices.Grow(l.best[:0], len(word)+1)[:len(word)+1]
	clear(l.best)
	for start := 0; start < len(word); {
		if ctx.Err() != nil {
			return tokens
		}
		_, size := utf8.DecodeRuneInString(word[start:])
		l.addPieces(word, start, size)
		start += size
	}
	began := len(tokens)
	for end := len(word); end > 0; {
		e := l.best[end]
		if e.piece != l.vocab.unknown {
			tokens = append(tokens, e.piece)
			end -= int(e.length)
			continue
		}
		start := l.unknownFrom(end)
		tokens = append(tokens, l.vocab.unknownToken(word[start:end]))
		end = start
	}
	slices.Reverse(tokens[began:])
	return tokens
}

// addPieces offers the pieces that begin at start, where a character of size bytes is, to where they end.
func (l *lattice) addPieces(word string, start, size int) {
	pieces := l.vocab.pieces
	single := false
	for node, end := int32(0), start; end < len(word); {
		node = pieces.child(node, word[end])
		if node == none {
			break
		}
		end++
		if id := pieces.keys[node]; id != none {
			single = single || end == start+size
			l.offer(start, end, id, l.vocab.scores[id])
		}
	}
	if !single {
		l.offer(start, start+size, l.vocab.unknown, l.vocab.unknownScore)
	}
}

// offer keeps the earlier of equally good ways.
func (l *lattice) offer(start, end int, piece int32, score float64) {
	score += l.best[start].score
	if e := &l.best[end]; e.length == 0 || score > e.score {
		*e = ending{score, piece, int32(end - start)}
	}
}

// unknownFrom returns where the run of unknown pieces begins that ends at end.
func (l *lattice) unknownFrom(end int) int {
	for end > 0 && l.best[end].piece == l.vocab.unknown {
		end -= int(l.best[end].length)
	}
	return end
}

// unknownToken returns the one token of a run of unknown characters. In the reference a run that is spelled as a piece,
// one too bad to be chosen, becomes that piece.
func (u *unigram) unknownToken(run string) int32 {
	if id := u.pieces.find(run); id != none {
		return id
	}
	return u.unknown
}
