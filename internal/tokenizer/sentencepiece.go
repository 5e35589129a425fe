package tokenizer

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// extraIDs is how many <extra_id_...> follow the pieces of a T5 vocabulary.
const extraIDs = 100

// The types of pieces that are cut out of the text. The others differ in nothing here.
const (
	controlPiece = 3
	userPiece    = 4
)

// unigramModel is the type of a SentencePiece model that is a Unigram vocabulary, the default.
const unigramModel = 1

// A sentencePiece is what is needed of a SentencePiece model.
type sentencePiece struct {
	pieces        []scoredPiece
	types         []uint64
	model         uint64
	unknown       uint64
	charsmap      []byte
	hasNormalizer bool
}

// NewT5SentencePiece reads the content of spiece.model. The steps around the vocabulary are those of the tokenizer that
// transformers 4.45 makes of such a file.
func NewT5SentencePiece(model []byte) (*T5, error) {
	m, err := parseSentencePiece(model)
	if err != nil {
		return nil, err
	}
	chars, err := newCharsmap(m.charsmap)
	if err != nil {
		return nil, fmt.Errorf("charsmap: %w", err)
	}
	added := m.specials()
	for i := range int32(extraIDs) {
		extra := fmt.Sprintf("<extra_id_%d>", extraIDs-1-i)
		added = append(added, addedToken{extra, int32(len(m.pieces)), true, true})
		m.pieces = append(m.pieces, scoredPiece{extra, 0})
	}
	t, err := newT5(m.pieces, int(m.unknown), added)
	if err != nil {
		return nil, err
	}
	t.normalizers = []normalizer{chars.normalize, stripRight, joinSpaces}
	t.splitters = []splitter{splitMetaspace}
	return t, nil
}

// specials returns the pieces that are cut out of the text.
func (m *sentencePiece) specials() []addedToken {
	var added []addedToken
	for i, p := range m.pieces {
		special := m.types[i] == controlPiece || m.types[i] == userPiece
		if special || p.text == paddingPiece || p.text == endPiece || p.text == unknownPiece {
			added = append(added, addedToken{text: p.text, id: int32(i)})
		}
	}
	return added
}

// parseSentencePiece reads a ModelProto. One without a normalizer_spec has been cut off.
func parseSentencePiece(file []byte) (*sentencePiece, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("%d bytes, more than %d", len(file), maxFile)
	}
	m := &sentencePiece{model: unigramModel}
	if err := readFields(file, m.add); err != nil {
		return nil, err
	}
	switch {
	case m.model != unigramModel:
		return nil, fmt.Errorf("model type %d, want %d, which is Unigram", m.model, unigramModel)
	case m.unknown >= uint64(len(m.pieces)):
		return nil, fmt.Errorf("unk_id %d of %d pieces", m.unknown, len(m.pieces))
	case !m.hasNormalizer:
		return nil, errors.New("no normalizer_spec")
	}
	return m, nil
}

func (m *sentencePiece) add(f protoField) error {
	var name string
	var read func(protoField) error
	switch f.number {
	case 1:
		name = fmt.Sprintf("piece %d", len(m.pieces))
		m.pieces, m.types = append(m.pieces, scoredPiece{}), append(m.types, 0)
		read = m.addToPiece
	case 2:
		name, read = "trainer_spec", m.addTrainer
	case 3:
		name, read = "normalizer_spec", m.addNormalizer
		m.hasNormalizer = true
	default:
		return nil
	}
	if len(m.pieces) > maxTokens {
		return fmt.Errorf("more than %d pieces", maxTokens)
	}
	message, _ := protowire.ConsumeBytes(f.value)
	if err := cmp.Or(f.want(protowire.BytesType), readFields(message, read)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// addToPiece reads a field of the last piece.
func (m *sentencePiece) addToPiece(f protoField) error {
	last := len(m.pieces) - 1
	switch f.number {
	case 1:
		text, _ := protowire.ConsumeBytes(f.value)
		m.pieces[last].text = string(text)
		return f.want(protowire.BytesType)
	case 2:
		bits, _ := protowire.ConsumeFixed32(f.value)
		m.pieces[last].score = float64(math.Float32frombits(bits))
		return f.want(protowire.Fixed32Type)
	case 3:
		m.types[last], _ = protowire.ConsumeVarint(f.value)
		return f.want(protowire.VarintType)
	}
	return nil
}

func (m *sentencePiece) addTrainer(f protoField) error {
	switch f.number {
	case 3:
		m.model, _ = protowire.ConsumeVarint(f.value)
		return f.want(protowire.VarintType)
	case 40:
		m.unknown, _ = protowire.ConsumeVarint(f.value)
		return f.want(protowire.VarintType)
	}
	return nil
}

func (m *sentencePiece) addNormalizer(f protoField) error {
	if f.number == 2 {
		m.charsmap, _ = protowire.ConsumeBytes(f.value)
		return f.want(protowire.BytesType)
	}
	return nil
}
