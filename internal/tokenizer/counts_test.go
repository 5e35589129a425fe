package tokenizer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestCounts compares how many tokens the cases have that nothing cuts with what tools/goldens/token_counts.py writes.
func TestCounts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ CLIP, T5 [][2]int }
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	c := clip()
	fromModel, fromJSON := t5s()
	checkCounts(t, "clip-cases.jsonl", want.CLIP, func(text string) [2]int {
		return [2]int{len(c.FaceCLIPEncode(text)), len(c.HFEncode(text))}
	})
	checkCounts(t, "t5-cases.jsonl", want.T5, func(text string) [2]int {
		return [2]int{fromModel.Count(context.Background(), text), fromJSON.Count(context.Background(), text)}
	})
}

func checkCounts(t *testing.T, file string, want [][2]int, count func(text string) [2]int) {
	t.Helper()
	f, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(bytes.NewReader(f)); lines.Scan() && n < len(want); n++ {
		var c struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if got := count(c.Text); got != want[n] {
			t.Errorf("%.60q: got %v tokens, want %v", c.Text, got, want[n])
		}
	}
	if n == 0 || n != len(want) {
		t.Errorf("%s: %d cases, but %d counts", file, n, len(want))
	}
}
