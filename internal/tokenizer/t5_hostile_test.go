package tokenizer

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// TestT5Short checks that fewer ids are the first of more.
func TestT5Short(t *testing.T) {
	fromModel, _ := t5s()
	text := "A woman<extra_id_3> \u0001 in <pad> antidisestablishmentarianism"
	all := fromModel.IDs(context.Background(), text, 100)
	end := slices.Index(all, fromModel.end)
	if end < 10 {
		t.Fatalf("%v", all)
	}
	for length := 1; length <= 100; length++ {
		got := fromModel.IDs(context.Background(), text, length)
		n := min(end, length-1)
		want := append(append(slices.Clone(all[:n]), 1), make([]int32, length-n-1)...)
		if !slices.Equal(got, want) {
			t.Errorf("length %d: %v, want %v", length, got, want)
		}
	}
}

// longUnits are what long prompts consist of, each the worst for some step.
var longUnits = []string{
	"photo of a woman, ", "a", "漢", "\xff", "\u0301", "a\u0301\u0897", "\U0001f1e9", "\u0600", "👩\u200d",
	" ", "\t", "\u00a0", "\x0b", "\r\n", "ﷺ", metaspace, "\x01",
	"<", "<extra_id_", "<extra_id_1> ", " \t<extra_id_1", "\u0085\u2003",
}

// TestT5LongPrompt has prompts of 1 MB. Each takes well under a second; the limit allows for a slow and busy machine.
func TestT5LongPrompt(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const size, limit = 1 << 20, 10 * time.Second
	fromModel, fromJSON := t5s()
	for _, unit := range longUnits {
		text := strings.Repeat(unit, size/len(unit)) + "x"
		for name, tokenizer := range map[string]*T5{"spiece.model": fromModel, "tokenizer.json": fromJSON} {
			began := time.Now()
			tokenizer.IDs(context.Background(), text, t5Length)
			d := time.Since(began)
			if d > limit {
				t.Errorf("%s: %d bytes of %+q took %v", name, len(text), unit, d)
			}
			t.Logf("%s: %+q %v", name, unit, d)
		}
	}
}

// TestT5Linear checks that 8 times as much text takes about 8 times as long, not 64 times.
func TestT5Linear(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	fromModel, _ := t5s()
	fastest := func(text string) time.Duration {
		best := time.Duration(math.MaxInt64)
		for range 5 {
			began := time.Now()
			fromModel.IDs(context.Background(), text, t5Length)
			best = min(best, time.Since(began))
		}
		return best
	}
	for _, unit := range []string{"a", "漢", "antidisestablishment", "e\u0301", "\u0301", "<", "\x0b "} {
		short := fastest(strings.Repeat(unit, 64<<10/len(unit)))
		long := fastest(strings.Repeat(unit, 512<<10/len(unit)))
		if long > 32*short {
			t.Errorf("%+q: 64 KB took %v, 512 KB %v", unit, short, long)
		}
	}
}

// TestT5Truncated cuts spiece.model at many places. The last part, normalizer_spec, begins at 64742.
func TestT5Truncated(t *testing.T) {
	file := sentencePieceFile()
	for n := range len(file) {
		if n > 2000 && n < 64000 && n%37 != 0 || n > 65000 && n < len(file)-100 && n%1009 != 0 {
			continue
		}
		if _, err := NewT5SentencePiece(file[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are accepted", n, len(file))
		}
	}
}

// field returns a field of Protocol Buffers; value is a uint64, a float32 or the bytes of a string.
func field(number uint64, value any) string {
	var b []byte
	switch v := value.(type) {
	case int:
		b = binary.AppendUvarint(binary.AppendUvarint(nil, number<<3|uint64(protowire.VarintType)), uint64(v))
	case float32:
		b = binary.AppendUvarint(nil, number<<3|uint64(protowire.Fixed32Type))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	case string:
		b = binary.AppendUvarint(binary.AppendUvarint(nil, number<<3|uint64(protowire.BytesType)), uint64(len(v)))
		b = append(b, v...)
	}
	return string(b)
}

func protoPiece(text string, score float32) string { return field(1, field(1, text)+field(2, score)) }

var (
	smallPieces  = protoPiece("<pad>", 0) + protoPiece("</s>", 0) + protoPiece("<unk>", 0) + protoPiece("a", -1)
	smallTrainer = field(2, field(40, 2))
	smallModel   = smallPieces + smallTrainer + field(3, "")
)

func charsmapFile(replacements string, units ...uint32) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(4*len(units)))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint32(b, u)
	}
	return string(b) + replacements
}

// smallCharsmap returns a charsmap that has a key of one byte, 1, with this value. The root's base is 256, the key's 0,
// and units 0 to 511 exist.
func smallCharsmap(replacements string, value uint32) string {
	units := make([]uint32, 512)
	const offsetTo256, isKey = 256 << 10, 1 << 8
	units[0] = offsetTo256
	units[256^1] = (256^1^2)<<10 | isKey | 1 // its base is 2
	units[2] = value | 1<<31
	return charsmapFile(replacements, units...)
}

// rootCharsmap returns a charsmap of 512 units, all zero but the root.
func rootCharsmap(root uint32) string {
	return charsmapFile("", append([]uint32{root}, make([]uint32, 511)...)...)
}

func TestSmallCharsmap(t *testing.T) {
	c, err := newCharsmap([]byte(smallCharsmap("x\x00yz\x00", 2)))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.normalize("a\x01b"); got != "ayzb" {
		t.Errorf("%q", got)
	}
	for _, empty := range []string{"", field(2, "")} {
		tokenizer, err := NewT5SentencePiece([]byte(smallPieces + smallTrainer + field(3, empty)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := tokenizer.IDs(context.Background(), "a\x01a", 6), []int32{2, 3, 2, 3, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("without a charsmap: %v, want %v", got, want)
		}
		if got := tokenizer.Size(); got != 104 {
			t.Errorf("Size() = %d, want 104", got)
		}
	}
}

// brokenCharsmaps are for both kinds of files.
var brokenCharsmaps = map[string]struct{ file, want string }{
	"three bytes":        {"\x01\x02\x03", "cut off"},
	"trie cut off":       {charsmapFile("", 1, 2)[:9], "a trie of 8 bytes in 5"},
	"huge trie":          {"\xff\xff\xff\xffabcd", "a trie of 4294967295 bytes"},
	"huge even trie":     {"\xfc\xff\xff\xffabcd", "a trie of 4294967292 bytes"},
	"no trie":            {"\x00\x00\x00\x00abcd", "a trie of 0 bytes"},
	"small trie":         {charsmapFile("", 0, 0), "outside the trie of 2 units"},
	"root offset":        {rootCharsmap(512 << 10), "offset 512 is outside"},
	"large offset":       {rootCharsmap(math.MaxUint32), "outside"},
	"value":              {smallCharsmap("x\x00", 3), "replacement at 3 of 2 bytes"},
	"huge value":         {smallCharsmap("x\x00", math.MaxInt32), "replacement at 2147483647"},
	"inside a character": {smallCharsmap("é\x00", 1), "begins inside a character"},
	"long replacement":   {smallCharsmap(strings.Repeat("x", 65), 0), "longer than 64 bytes"},
	"not UTF-8":          {smallCharsmap("\xff\x00", 0), "not UTF-8"},
	"large":              {strings.Repeat("\x00", maxCharsmap+1), "more than"},
}

func TestBrokenCharsmap(t *testing.T) {
	for name, c := range brokenCharsmaps {
		_, err := NewT5SentencePiece([]byte(smallPieces + smallTrainer + field(3, field(2, c.file))))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
		chars := base64.StdEncoding.EncodeToString([]byte(c.file))
		normalizer := `{"type": "Precompiled", "precompiled_charsmap": "` + chars + `"}`
		file := strings.Replace(smallT5(smallVocab), `"normalizer": null`, `"normalizer": `+normalizer, 1)
		if _, err = NewT5JSON([]byte(file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v in tokenizer.json, want one with %q", name, err, c.want)
		}
	}
}

func TestNewT5SentencePieceErrors(t *testing.T) {
	pad, end := protoPiece("<pad>", 0), protoPiece("</s>", 0)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	rest := smallTrainer + field(3, "")
	for name, c := range map[string]struct{ file, want string }{
		"nothing":         {"", "unk_id 0 of 0 pieces"},
		"no pieces":       {rest, "unk_id 2 of 0 pieces"},
		"no trainer":      {smallPieces + field(3, ""), "is not <unk>"},
		"no normalizer":   {smallPieces + smallTrainer, "no normalizer_spec"},
		"no unknown":      {pad + end + protoPiece("unk", 0) + rest, "is not <unk>"},
		"no end":          {pad + protoPiece("s", 0) + protoPiece("<unk>", 0) + rest, "no piece </s>"},
		"no padding":      {protoPiece("a", 0) + end + protoPiece("<unk>", 0) + rest, "not <pad>"},
		"unk_id too high": {smallPieces + field(2, field(40, 4)) + field(3, ""), "unk_id 4 of 4"},
		"unk_id negative": {smallPieces + field(2, field(40, -1)) + field(3, ""), "of 4 pieces"},
		"BPE":             {smallModel + field(2, field(3, 2)), "model type 2"},
		"score NaN":       {smallModel + protoPiece("b", nan), `"b" has score NaN`},
		"score infinite":  {smallModel + protoPiece("b", -inf), `"b" has score -Inf`},
		"twice":           {smallModel + protoPiece("a", -2), `"a" is there twice`},
		"extra id":        {smallModel + protoPiece("<extra_id_7>", 0), `"<extra_id_7>" is there twice`},
		"empty piece":     {smallModel + protoPiece("", -2), "is empty"},
		"empty message":   {smallModel + field(1, ""), "is empty"},
		"not UTF-8":       {smallModel + protoPiece("\xff", -2), "not UTF-8"},
		"long piece":      {smallModel + protoPiece(strings.Repeat("a", 257), -2), "257 bytes"},
		"spaced user":     {smallModel + field(1, field(1, " b")+field(3, userPiece)), "white space"},
		"huge length":     {smallModel + "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "cut off"},
		"long number":     {smallModel + strings.Repeat("\xff", 11), "too large"},
		"group":           {smallModel + "\x0b", "wire type 3"},
		"cut float":       {smallModel + field(1, "\x15\x00\x00"), "piece 4: field 2 of wire type 5 is cut off"},
		"number as piece": {smallModel + field(1, 5), "piece 4: field 1 has wire type 0"},
		"number as text":  {smallModel + field(1, field(1, 5)), "field 1 has wire type 0"},
		"number as score": {smallModel + field(1, field(2, 5)), "field 2 has wire type 0"},
		"text as unk_id":  {smallModel + field(2, field(40, "2")), "trainer_spec: field 40 has wire type 2"},
		"text as model":   {smallModel + field(2, field(3, "2")), "trainer_spec: field 3 has wire type 2"},
		"number as map":   {smallModel + field(3, field(2, 2)), "normalizer_spec: field 2 has wire type 0"},
		"many pieces":     {strings.Repeat("\x0a\x00", maxTokens+1), "more than 1048576 pieces"},
		"many bytes":      {strings.Repeat("\x00", maxFile+1), "more than 16777216"},
	} {
		_, err := NewT5SentencePiece([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := NewT5SentencePiece([]byte(smallModel)); err != nil {
		t.Error(err)
	}
}

// TestT5Cancel ends the context of a prompt whose text a charsmap makes 64 times as long, and whose pieces are all possible.
func TestT5Cancel(t *testing.T) {
	pieces := []scoredPiece{{unknownPiece, 0}}
	for n := range maxPiece {
		pieces = append(pieces, scoredPiece{strings.Repeat("a", n+1), -1})
	}
	vocab, err := newUnigram(pieces, 0)
	if err != nil {
		t.Fatal(err)
	}
	none, err := newAddedTokens(nil)
	if err != nil {
		t.Fatal(err)
	}
	tokenizer := &T5{vocab: vocab, added: none}
	tokenizer.normalizers = []normalizer{func(s string) string { return strings.Repeat(s, maxReplacement) }}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	tokenizer.IDs(ctx, strings.Repeat("a", 64<<10), t5Length)
	ended, _ := ctx.Deadline()
	if late := time.Since(ended); ctx.Err() == nil || late > time.Second {
		t.Errorf("ended %v late, %v", late, ctx.Err())
	}
}
