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

// TestReference compares with open_clip's SimpleTokenizer and transformers' CLIPTokenizer.
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
		if got := clip().HF(want.Text); !slices.Equal(got, want.HF) {
			t.Errorf("HF(%q)\n got %v\nwant %v", want.Text, got, want.HF)
		}
	}
	if n != 169 {
		t.Errorf("%d cases, want 169", n)
	}
}

// TestVectors has the ids that FaceCLIP's own tokenizer gave.
func TestVectors(t *testing.T) {
	for text, want := range map[string][]int32{
		"":                       nil,
		"id":                     {1014},
		"Photo of a id person.":  {1125, 539, 320, 1014, 2533, 269},
		"hello!":                 {3306, 256},
		"don't":                  {847, 713},
		"a1b2":                   {320, 272, 321, 273},
		"!!!":                    {995},
		"&amp;amp; hi &lt;b&gt;": {261, 1883, 283, 321, 285},
	} {
		if got := clip().FaceCLIPEncode(text); !slices.Equal(got, want) {
			t.Errorf("FaceCLIPEncode(%q) = %v, want %v", text, got, want)
		}
	}
	if got := clip().Size(); got != 49408 {
		t.Errorf("Size() = %d, want 49408", got)
	}
}
