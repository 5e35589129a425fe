package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/faceclip-go/faceclip-go/internal/pyjson"
)

// A bpeFile is what is used of the tokenizer.json of CLIP. Its front end is that of the reference, which no file says.
type bpeFile struct {
	AddedTokens []fileToken `json:"added_tokens"`
	Model       struct {
		Type         string           `json:"type"`
		Vocabulary   map[string]int32 `json:"vocab"`
		Merges       []fileMerge      `json:"merges"`
		Inside       string           `json:"continuing_subword_prefix"`
		EndOfWord    string           `json:"end_of_word_suffix"`
		ByteFallback bool             `json:"byte_fallback"`
		Dropout      float64          `json:"dropout"`
		IgnoreMerges bool             `json:"ignore_merges"`
	} `json:"model"`
}

// A fileMerge is a list of two symbols or, as older versions write it, one text with a space between them.
type fileMerge string

// UnmarshalJSON reads either.
func (m *fileMerge) UnmarshalJSON(b []byte) error {
	var pair []string
	if json.Unmarshal(b, &pair) != nil {
		return json.Unmarshal(b, (*string)(m))
	}
	if len(pair) != 2 {
		return fmt.Errorf("%d symbols in a merge, want 2", len(pair))
	}
	*m = fileMerge(pair[0] + " " + pair[1])
	return nil
}

// NewCLIPJSON reads the content of tokenizer.json, which has both the vocabulary and the merges.
func NewCLIPJSON(tokenizerJSON []byte) (*CLIP, error) {
	if len(tokenizerJSON) > maxFile {
		return nil, fmt.Errorf("%d bytes, more than %d", len(tokenizerJSON), maxFile)
	}
	var file bpeFile
	if err := json.Unmarshal(pyjson.JSON(tokenizerJSON), &file); err != nil {
		return nil, err
	}
	ids, err := file.ids()
	if err != nil {
		return nil, err
	}
	v, err := newVocabulary(ids)
	if err != nil {
		return nil, err
	}
	for i, m := range file.Model.Merges {
		if err := v.addMerge(string(m), ids); err != nil {
			return nil, fmt.Errorf("merge %d: %w", i, err)
		}
	}
	return newCLIP(ids, v)
}

// ids returns the vocabulary with the added tokens, which may be in it already.
func (f *bpeFile) ids() (map[string]int32, error) {
	m := f.Model
	switch {
	case m.Type != "BPE":
		return nil, fmt.Errorf("model %q, want BPE", m.Type)
	case m.EndOfWord != endOfWord:
		return nil, fmt.Errorf("model: end_of_word_suffix %q, want %q", m.EndOfWord, endOfWord)
	case m.Inside != "":
		return nil, fmt.Errorf("model: continuing_subword_prefix %q is not supported", m.Inside)
	case m.ByteFallback || m.Dropout != 0 || m.IgnoreMerges:
		return nil, errors.New("model: byte_fallback, dropout and ignore_merges are not supported")
	case m.Vocabulary == nil:
		return nil, errors.New("model: no vocab")
	}
	for _, a := range f.AddedTokens {
		if id, ok := m.Vocabulary[a.Content]; ok && id != a.ID {
			return nil, fmt.Errorf("added token %q has id %d, but %d in the vocabulary", a.Content, a.ID, id)
		}
		m.Vocabulary[a.Content] = a.ID
	}
	return m.Vocabulary, checkIDs(m.Vocabulary)
}
