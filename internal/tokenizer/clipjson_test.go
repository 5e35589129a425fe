package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCLIPJSON reads a tokenizer.json that transformers 5 has saved, and compares with what Hugging Face's tokenizers make of
// texts with it, in the cases that tools/goldens/clip5_cases.py writes.
func TestCLIPJSON(t *testing.T) {
	file := gunzip("clip5/tokenizer.json.gz")
	cases, err := os.ReadFile(filepath.Join("testdata", "clip5-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"transformers 5": file, "merges as texts": oldMerges(t, file), "byte order mark, CRLF": []byte("\ufeff" + strings.ReplaceAll(string(file), "\n", "\r\n")),
		"special tokens only added": withoutSpecials(t, file),
	} {
		c, err := NewCLIPJSON(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n := 0
		for lines := bufio.NewScanner(bytes.NewReader(cases)); lines.Scan(); n++ {
			var want struct {
				Text string
				HF   []int32
			}
			if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			if got := c.HF(want.Text); !slices.Equal(got[:len(want.HF)], want.HF) || got[len(want.HF)] != c.end {
				t.Errorf("%s: %q\n got %v\nwant %v", name, want.Text, got, want.HF)
			}
		}
		if n != 7 {
			t.Errorf("%d cases, want 7", n)
		}
	}
}

// change returns a JSON object with its model, or what lies beside it, changed.
func change(t *testing.T, file []byte, f func(file, model map[string]any)) []byte {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	f(all, all["model"].(map[string]any))
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// oldMerges returns the file with merges as tokenizers before 0.20 write them.
func oldMerges(t *testing.T, file []byte) []byte {
	return change(t, file, func(_, model map[string]any) {
		merges := model["merges"].([]any)
		for i, m := range merges {
			pair := m.([]any)
			merges[i] = pair[0].(string) + " " + pair[1].(string)
		}
	})
}

func withoutSpecials(t *testing.T, file []byte) []byte {
	return change(t, file, func(_, model map[string]any) {
		vocab := model["vocab"].(map[string]any)
		delete(vocab, startOfText)
		delete(vocab, endOfText)
	})
}

func TestCLIPJSONErrors(t *testing.T) {
	file := gunzip("clip5/tokenizer.json.gz")
	set := func(key string, value any) []byte {
		return change(t, file, func(_, model map[string]any) { model[key] = value })
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no JSON":       {[]byte("{"), "JSON"},
		"T5":            {set("type", "Unigram"), `model "Unigram", want BPE`},
		"other suffix":  {set("end_of_word_suffix", ""), `end_of_word_suffix ""`},
		"a prefix":      {set("continuing_subword_prefix", "##"), `continuing_subword_prefix "##"`},
		"byte fallback": {set("byte_fallback", true), "byte_fallback"},
		"dropout":       {set("dropout", 0.1), "dropout"},
		"no vocabulary": {set("vocab", nil), "no vocab"},
		"no byte": {change(t, file, func(_, model map[string]any) {
			vocab := model["vocab"].(map[string]any)
			vocab["ЖЖ"] = vocab["a"]
			delete(vocab, "a")
		}), "which is byte 0x61"},
		"three symbols": {set("merges", [][]string{{"a", "b", "c"}}), "3 symbols in a merge"},
		"space":         {set("merges", [][]string{{"a b", "c"}}), "3 symbols"},
		"not made":      {set("merges", []string{"int o"}), `merge 0: symbol "int" is not made`},
		"other id": {change(t, file, func(file, _ map[string]any) {
			file["added_tokens"].([]any)[0].(map[string]any)["id"] = 5
		}), "has id 5, but 912 in the vocabulary"},
		"large": {bytes.Repeat([]byte(" "), maxFile+1), "more than"},
	} {
		if _, err := NewCLIPJSON(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %.300v, want one with %q", name, err, c.want)
		}
	}
}

func FuzzNewCLIPJSON(f *testing.F) {
	ids, _ := smallVocabulary("a b", "ab c</w>")
	small := `{"model":{"type":"BPE","end_of_word_suffix":"</w>","vocab":` + string(marshal(ids)) + `,"merges":`
	f.Add([]byte(small+`[["a","b"],["ab","c</w>"]]}}`), "abc")
	f.Add([]byte(small+`["a b"]}}`), "")
	f.Add([]byte(`{"model":{"type":"BPE","end_of_word_suffix":"</w>","vocab":{}}}`), "a")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		c, err := NewCLIPJSON(file)
		if err != nil {
			return
		}
		for _, id := range c.HF(text) {
			if id < 0 || int(id) >= c.Size() {
				t.Errorf("%q has id %d", text, id)
			}
		}
	})
}
