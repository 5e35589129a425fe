package tokenizer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A value is a line of testdata/values.jsonl, which tools/goldens/tokenizer_values.py writes.
type value struct {
	Kind, File, Text, Want string
	IDs                    []int32
}

func values(t *testing.T, kind string) (found []value) {
	t.Helper()
	f, err := os.ReadFile(filepath.Join("testdata", "values.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(f)); lines.Scan(); {
		var v value
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Kind == kind {
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no values of kind %s", kind)
	}
	return found
}

// TestFix compares with what ftfy and Python return: for text whose encoding was mistaken, standard forms and entities; and
// for letters whose lower case depends on their neighbours.
func TestFix(t *testing.T) {
	for kind, f := range map[string]func(string) string{"fix": new(fixer).fix, "unescape": unescape, "lower": lowerCase} {
		for _, v := range values(t, kind) {
			if got := f(v.Text); got != v.Want {
				t.Errorf("%s %+q\n got %+q\nwant %+q", kind, v.Text, got, v.Want)
			}
		}
	}
}

// TestReplaceInvalid has bytes that are not UTF-8, alone and in prompts.
func TestReplaceInvalid(t *testing.T) {
	fromModel, fromJSON := t5s()
	for _, v := range values(t, "decode") {
		b, err := hex.DecodeString(v.Text)
		if err != nil {
			t.Fatal(err)
		}
		if got := replaceInvalid(string(b)); got != v.Want {
			t.Errorf("%x\n got %+q\nwant %+q", b, got, v.Want)
		}
		for name, ids := range map[string]func(string) []int32{
			"FaceCLIP": clip().FaceCLIP, "HF": clip().HF,
			"spiece.model":   func(s string) []int32 { return fromModel.IDs(context.Background(), s, 16) },
			"tokenizer.json": func(s string) []int32 { return fromJSON.IDs(context.Background(), s, 16) },
		} {
			if got, want := ids(string(b)), ids(v.Want); !slices.Equal(got, want) {
				t.Errorf("%s: %x: %v, want %v", name, b, got, want)
			}
		}
	}
}

// TestSmallFiles has vocabularies where scores are equal or differ by rounding only, characters that are unknown, and added
// tokens that take white space away.
func TestSmallFiles(t *testing.T) {
	for _, v := range values(t, "ids") {
		tokenizer, err := NewT5JSON([]byte(v.File))
		if err != nil {
			t.Fatal(err)
		}
		if got := tokenizer.IDs(context.Background(), v.Text, len(v.IDs)); !slices.Equal(got, v.IDs) {
			t.Errorf("%q with %s: %v, want %v", v.Text, v.File, got, v.IDs)
		}
	}
}
