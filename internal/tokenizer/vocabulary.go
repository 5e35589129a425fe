package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/faceclip-go/faceclip-go/internal/pyjson"
)

// Limits of what is read. CLIP's vocabulary has 1 MB in vocab.json, 0.5 MB in merges.txt and 49408 tokens.
const (
	maxFile   = 16 << 20
	maxTokens = 1 << 20
)

// endOfWord marks the symbols that end a word.
const endOfWord = "</w>"

// A vocabulary has the symbols of the bytes, inside and at the end of a word, and the merges. Symbols are ids.
type vocabulary struct {
	inside, last [256]int32
	ranks        map[pair]int32
	joined       []int32 // the symbol that the pair of each rank makes
	made         []bool  // symbols that are bytes or made by a merge
	size         int
}

type pair struct {
	left, right int32
}

// parseIDs reads vocab.json, an object of ids by symbol, and checks it.
func parseIDs(file []byte) (map[string]int32, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("vocab.json: %d bytes, more than %d", len(file), maxFile)
	}
	var ids map[string]int32
	err := json.Unmarshal(pyjson.JSON(file), &ids)
	if err == nil {
		err = checkIDs(ids)
	}
	if err != nil {
		return nil, fmt.Errorf("vocab.json: %w", err)
	}
	return ids, nil
}

// checkIDs checks that the ids count the symbols, and that there are the special ones.
func checkIDs(ids map[string]int32) error {
	if len(ids) > maxTokens {
		return fmt.Errorf("%d tokens, more than %d", len(ids), maxTokens)
	}
	symbols := make([]string, len(ids))
	for symbol, id := range ids {
		if id < 0 || int(id) >= len(ids) {
			return fmt.Errorf("id %d of %q is outside 0 to %d", id, symbol, len(ids)-1)
		}
		if symbol == "" {
			return errors.New("empty token")
		}
		if symbols[id] != "" {
			return fmt.Errorf("%q and %q both have id %d", symbols[id], symbol, id)
		}
		symbols[id] = symbol
	}
	for _, s := range []string{startOfText, endOfText} {
		if _, ok := ids[s]; !ok {
			return fmt.Errorf("no token %s", s)
		}
	}
	return nil
}

// newVocabulary finds the symbols of all bytes in ids. There are no merges yet.
func newVocabulary(ids map[string]int32) (*vocabulary, error) {
	v := &vocabulary{ranks: map[pair]int32{}, made: make([]bool, len(ids)), size: len(ids)}
	for b, symbol := range byteAlphabet() {
		for form, place := range map[string]*int32{symbol: &v.inside[b], symbol + endOfWord: &v.last[b]} {
			id, ok := ids[form]
			if !ok {
				return nil, fmt.Errorf("no token %q, which is byte %#02x", form, b)
			}
			*place, v.made[id] = id, true
		}
	}
	return v, nil
}

// readMerges reads merges.txt.
func (v *vocabulary) readMerges(merges []byte, ids map[string]int32) error {
	if len(merges) > maxFile {
		return fmt.Errorf("%d bytes, more than %d", len(merges), maxFile)
	}
	lines := strings.Split(strings.TrimSpace(string(pyjson.Text(merges))), "\n")
	if !strings.HasPrefix(lines[0], "#version") {
		return errors.New("the first line is no #version")
	}
	for i, line := range lines[1:] {
		if err := v.addMerge(line, ids); err != nil {
			return fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return nil
}

// addMerge adds the merge of the next rank. It must make a new symbol of symbols already made, so that what a merge
// makes possible always has a higher rank; word.appendTokens relies on it.
func (v *vocabulary) addMerge(line string, ids map[string]int32) error {
	parts := strings.Fields(line)
	if len(parts) != 2 {
		return fmt.Errorf("%d symbols, want 2", len(parts))
	}
	var merged [2]int32
	for i, symbol := range parts {
		id, ok := ids[symbol]
		if !ok || !v.made[id] {
			return fmt.Errorf("symbol %q is not made by the merges before", symbol)
		}
		merged[i] = id
	}
	joined, ok := ids[parts[0]+parts[1]]
	if !ok {
		return fmt.Errorf("no token %q", parts[0]+parts[1])
	}
	if v.made[joined] {
		return fmt.Errorf("symbol %q is made twice", parts[0]+parts[1])
	}
	v.made[joined] = true
	v.ranks[pair{merged[0], merged[1]}] = int32(len(v.joined))
	v.joined = append(v.joined, joined)
	return nil
}

// byteAlphabet returns the character that stands for each byte in a symbol: itself if it is printable in Latin-1, else
// one from U+0100 on.
func byteAlphabet() [256]string {
	var alphabet [256]string
	next := rune(0x100)
	for b := range alphabet {
		if '!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b && b <= 'ÿ' {
			alphabet[b] = string(rune(b))
		} else {
			alphabet[b] = string(next)
			next++
		}
	}
	return alphabet
}
