package tokenizer

import (
	"context"
	"slices"
	"testing"
)

// checkT5 checks the form of ids and that a short answer is the beginning of a long one.
func checkT5(t *testing.T, tokenizer *T5, text string) {
	t.Helper()
	const long, short = 300, 7
	all := tokenizer.IDs(context.Background(), text, long)
	tokens := tokenizer.tokens(context.Background(), replaceInvalid(text), long-1)
	n := min(len(tokens), long-1)
	if len(all) != long || !slices.Equal(all[:n], tokens[:n]) || all[n] != tokenizer.end {
		t.Errorf("%q: ids %v, tokens %v", text, all, tokens)
	}
	for i, id := range all {
		if id < 0 || int(id) >= tokenizer.Size() || i > n && id != 0 {
			t.Errorf("%q: id %d at %d", text, id, i)
		}
	}
	n = min(n, short-1)
	if got := tokenizer.IDs(context.Background(), text, short); !slices.Equal(got[:n], all[:n]) || got[n] != tokenizer.end {
		t.Errorf("%q: %v in short, %v in long", text, got, all)
	}
}

func FuzzT5Prompt(f *testing.F) {
	for _, text := range []string{
		"", "Hello world", " a  b\t\n", "caf\u00e9 e\u0301\u0302\u0303 ﷺ ①\ufe0f ª\u0897",
		"<extra_id_3> a </s><pad", "▁a▁▁",
		"\xff\xe2\x82", "👩\u200d🚀🇩🇪🇫", "\x00\x01\x0b\x80\u200b", "＜/s＞＜unk＞", "漢字かな\u3099 각",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fromModel, fromJSON := t5s()
		checkT5(t, fromModel, text)
		checkT5(t, fromJSON, text)
	})
}

func FuzzNewT5(f *testing.F) {
	f.Add([]byte(smallModel), "aba \x01")
	f.Add([]byte(smallPieces+smallTrainer+field(3, field(2, smallCharsmap("x\x00yz\x00", 2)))), "\x01a")
	f.Add([]byte(smallModel+field(1, field(1, "user")+field(3, userPiece))), "a user")
	f.Add([]byte(smallT5(smallVocab)), "aba")
	f.Add([]byte(smallT5(`[["<pad>",0],["</s>",0],["<unk>",0],["▁a",-1.5],["a",-2]]`)), "a a")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		if tokenizer, err := NewT5SentencePiece(file); err == nil {
			checkT5(t, tokenizer, text)
		}
		if tokenizer, err := NewT5JSON(file); err == nil {
			checkT5(t, tokenizer, text)
		}
		if chars, err := newCharsmap(file); err == nil {
			chars.normalize(text)
		}
	})
}
