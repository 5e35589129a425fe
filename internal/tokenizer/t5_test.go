package tokenizer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// t5Length is how many ids the T5 text encoder of FLUX.1 takes.
const t5Length = 512

// sentencePieceFile returns a vocabulary of 4000 pieces that was trained for these tests on docstrings of Python's
// library; tokenizerJSON returns the same as tokenizer.json, which splits at white space and does not join spaces.
var (
	sentencePieceFile = sync.OnceValue(func() []byte {
		b, err := os.ReadFile(filepath.Join("testdata", "t5", "spiece.model"))
		if err != nil {
			panic(err)
		}
		return b
	})
	tokenizerJSON = sync.OnceValue(func() []byte { return gunzip("t5/tokenizer.json.gz") })
)

// t5s returns the vocabulary read from either file.
var t5s = sync.OnceValues(func() (fromModel, fromJSON *T5) {
	fromModel, err := NewT5SentencePiece(sentencePieceFile())
	if err != nil {
		panic(err)
	}
	if fromJSON, err = NewT5JSON(tokenizerJSON()); err != nil {
		panic(err)
	}
	return fromModel, fromJSON
})

// padded returns the ids of a case, which have the end, with padding.
func padded(ids []int32) []int32 {
	return append(slices.Clone(ids), make([]int32, t5Length-len(ids))...)
}

// TestT5Reference compares with transformers' T5TokenizerFast and with tokenizers, which reads tokenizer.json as it is, in the
// cases that tools/goldens/t5_cases.py writes.
func TestT5Reference(t *testing.T) {
	f, err := os.ReadFile(filepath.Join("testdata", "t5-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	fromModel, fromJSON := t5s()
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(f)); lines.Scan(); n++ {
		var want struct {
			Text   string
			IDs    []int32
			Direct []int32 `json:"tokenizer_json"` // where it differs
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if want.Direct == nil {
			want.Direct = want.IDs
		}
		if got := fromModel.IDs(context.Background(), want.Text, t5Length); !slices.Equal(got, padded(want.IDs)) {
			t.Errorf("spiece.model: %+q\n got %v\nwant %v", want.Text, got, want.IDs)
		}
		if got := fromJSON.IDs(context.Background(), want.Text, t5Length); !slices.Equal(got, padded(want.Direct)) {
			t.Errorf("tokenizer.json: %+q\n got %v\nwant %v", want.Text, got, want.Direct)
		}
	}
	if n != 291 {
		t.Errorf("%d cases, want 291", n)
	}
}
