package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// files returns CLIP's own vocab.json and merges.txt.
var files = sync.OnceValues(func() (vocab, merges []byte) { return gunzip("clip/vocab.json.gz"), gunzip("clip/merges.txt.gz") })

func gunzip(name string) []byte {
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return b
}

// clip returns CLIP's own vocabulary.
var clip = sync.OnceValue(func() *CLIP {
	c, err := NewCLIP(files())
	if err != nil {
		panic(err)
	}
	return c
})

// TestReference compares with open_clip's SimpleTokenizer and transformers' CLIPTokenizer, in the cases that
// tools/goldens/clip_cases.py writes.
func TestReference(t *testing.T) {
	f, err := os.ReadFile(filepath.Join("testdata", "clip-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(f)); lines.Scan(); n++ {
		var want struct {
			Text         string
			FaceCLIP, HF []int32
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if got := clip().FaceCLIP(want.Text); !slices.Equal(got, want.FaceCLIP) {
			t.Errorf("FaceCLIP(%q)\n got %v\nwant %v", want.Text, got, want.FaceCLIP)
		}
		if got := clip().FaceCLIPEncode(want.Text); !slices.Equal(got[:min(len(got), Length-2)], inside(want.FaceCLIP)) {
			t.Errorf("FaceCLIPEncode(%q)\n got %v\nwant %v", want.Text, got, want.FaceCLIP)
		}
		if got := clip().HF(want.Text); !slices.Equal(got, want.HF) {
			t.Errorf("HF(%q)\n got %v\nwant %v", want.Text, got, want.HF)
		}
	}
	if n != 186 {
		t.Errorf("%d cases, want 186", n)
	}
}

// inside returns the ids of a text without start, end and padding, which is zeros.
func inside(ids []int32) []int32 {
	last := len(ids) - 1
	for ids[last] == 0 {
		last--
	}
	return ids[1:last]
}
