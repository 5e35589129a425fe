package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/faceclip-go/faceclip-go/internal/pyjson"
)

// maxSteps is how many normalizers, or pre-tokenizers, a file may have in a row.
const maxSteps = 8

// A tokenizerFile is what is used of tokenizer.json. Truncation and padding are the caller's.
type tokenizerFile struct {
	AddedTokens   []fileToken   `json:"added_tokens"`
	Normalizer    *fileStep     `json:"normalizer"`
	PreTokenizer  *fileStep     `json:"pre_tokenizer"`
	PostProcessor *fileTemplate `json:"post_processor"`
	Model         struct {
		Type         string      `json:"type"`
		Unknown      *int        `json:"unk_id"`
		Pieces       []filePiece `json:"vocab"`
		ByteFallback bool        `json:"byte_fallback"`
	} `json:"model"`
}

type fileToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LeftStrip  bool   `json:"lstrip"`
	RightStrip bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
}

// A fileTemplate says what is put around the tokens of a text.
type fileTemplate struct {
	Type   string `json:"type"`
	Single []struct {
		Sequence *struct {
			ID string `json:"id"`
		} `json:"Sequence"`
		Special *struct {
			ID string `json:"id"`
		} `json:"SpecialToken"`
	} `json:"single"`
}

// A filePiece is an array of a string and a number.
type filePiece scoredPiece

func (p *filePiece) UnmarshalJSON(b []byte) error {
	var text *string
	var score *float64
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("%d things where a piece and its score belong", len(pair))
	}
	if err := errors.Join(json.Unmarshal(pair[0], &text), json.Unmarshal(pair[1], &score)); err != nil {
		return err
	}
	if text == nil || score == nil {
		return errors.New("null where a piece and its score belong")
	}
	*p = filePiece{*text, *score}
	return nil
}

// NewT5JSON reads the content of tokenizer.json with the steps it says. Steps that T5 does not have are an error.
func NewT5JSON(tokenizerJSON []byte) (*T5, error) {
	if len(tokenizerJSON) > maxFile {
		return nil, fmt.Errorf("%d bytes, more than %d", len(tokenizerJSON), maxFile)
	}
	var file tokenizerFile
	if err := json.Unmarshal(pyjson.JSON(tokenizerJSON), &file); err != nil {
		return nil, err
	}
	if err := file.check(); err != nil {
		return nil, err
	}
	pieces := make([]scoredPiece, len(file.Model.Pieces))
	for i, p := range file.Model.Pieces {
		pieces[i] = scoredPiece(p)
	}
	added := make([]addedToken, len(file.AddedTokens))
	for i, a := range file.AddedTokens {
		added[i] = addedToken{a.Content, a.ID, a.LeftStrip, a.RightStrip}
	}
	t, err := newT5(pieces, *file.Model.Unknown, added)
	if err != nil {
		return nil, err
	}
	if t.normalizers, err = file.Normalizer.normalizers(); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if t.splitters, err = file.PreTokenizer.splitters(); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	return t, nil
}

func (f *tokenizerFile) check() error {
	switch {
	case f.Model.Type != "Unigram":
		return fmt.Errorf("model %q, want Unigram", f.Model.Type)
	case f.Model.Unknown == nil:
		return errors.New("model: no unk_id")
	case f.Model.ByteFallback:
		return errors.New("model: byte_fallback is not supported")
	case len(f.AddedTokens) > maxTokens:
		return fmt.Errorf("%d added tokens, more than %d", len(f.AddedTokens), maxTokens)
	}
	for _, a := range f.AddedTokens {
		if a.Normalized || a.SingleWord {
			return fmt.Errorf("added token %q: normalized and single_word are not supported", a.Content)
		}
	}
	return f.PostProcessor.check()
}

// check accepts the template that puts the end after the tokens and nothing else.
func (p *fileTemplate) check() error {
	if p == nil {
		return errors.New("no post_processor")
	}
	if p.Type != "TemplateProcessing" {
		return fmt.Errorf("post_processor %q, want TemplateProcessing", p.Type)
	}
	if s := p.Single; len(s) != 2 || s[0].Sequence == nil || s[1].Special == nil || s[1].Special.ID != endPiece {
		return fmt.Errorf("post_processor: single is not the text and %s", endPiece)
	}
	return nil
}
