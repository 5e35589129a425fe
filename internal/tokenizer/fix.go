package tokenizer

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A fixer cleans text as ftfy 6.3.1 does with its default settings. It repeats its steps until the text stays the
// same, which hostile text can make happen as often as it has characters; so one fixer, which serves one prompt, stops
// repeating when it has repeated itself on maxRepeated characters. Every step is done at least once.
type fixer struct {
	repeated int
}

const maxRepeated = 4 << 20

// repeat reports whether n characters may be looked at again.
func (f *fixer) repeat(n int) bool {
	f.repeated += n
	return f.repeated <= maxRepeated
}

// longestSegment is how many characters ftfy looks at together.
const longestSegment = 1_000_000

// fix cleans text line by line, and a long line in pieces.
func (f *fixer) fix(text string) string {
	var out strings.Builder
	entities := true
	for line := range strings.Lines(text) {
		for characters := range slices.Chunk([]rune(line), longestSegment) {
			segment := string(characters)
			// From a "<" on, text is taken for HTML, whose entities mean something.
			entities = entities && !strings.Contains(segment, "<")
			out.WriteString(f.fixSegment(segment, entities))
		}
	}
	return out.String()
}

func (f *fixer) fixSegment(text string, entities bool) string {
	for !isPlain(text) {
		fixed := text
		if entities {
			fixed = unescapeClosed(fixed)
		}
		if !isASCII(fixed) {
			fixed = string(f.repairEncoding([]rune(fixed)))
		}
		fixed = standardForms.Replace(fixed)
		fixed = escapes.ReplaceAllLiteralString(fixed, "")
		fixed = strings.Map(dropControl, fixed)
		fixed = compose(fixed)
		if fixed == text || !f.repeat(len(fixed)) {
			return fixed
		}
		text = fixed
	}
	return text
}

// isPlain reports whether no step can change text.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\f' || r > '~' || r == '&'
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// standardForms replaces characters that stand in for others: C1 controls, ligatures, full and half widths, curly
// quotes and unusual line breaks.
var standardForms = newStandardForms()

func newStandardForms() *strings.Replacer {
	straight := strings.NewReplacer("ʼ", "'", "‘", "'", "’", "'", "‚", "'", "‛", "'",
		"“", `"`, "”", `"`, "„", `"`, "‟", `"`)
	pairs := []string{"\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u3000", " "}
	add := func(r rune, form string) {
		if form = straight.Replace(form); form != string(r) {
			pairs = append(pairs, string(r), form)
		}
	}
	for b := range 0x20 {
		add(rune(0x80+b), string(windows1252.decode(byte(0x80+b))))
	}
	for _, r := range "ʼ‘’‚‛“”„‟" {
		add(r, string(r))
	}
	for r := rune(0xff01); r <= 0xffef; r++ {
		add(r, norm.NFKC.String(string(r)))
	}
	for _, r := range "ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌﬀﬁﬂﬃﬄﬆ" {
		add(r, norm.NFKC.String(string(r)))
	}
	add('ﬅ', "ſt")
	return strings.NewReplacer(pairs...)
}

// escapes are the sequences that colour a terminal's text: ESC, [, numbers and a letter.
var escapes = regexp.MustCompile(`\x1b\[[;\p{Nd}]*[a-zA-Z]`)

// dropControl is for strings.Map: it drops characters that are not displayed. C1 controls, joiners and direction marks
// stay.
func dropControl(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\f', r == '\r':
		return r
	case r < ' ', r == 0x7f, 0x206a <= r && r <= 0x206f, r == 0xfeff, 0xfff9 <= r && r <= 0xfffc:
		return -1
	}
	return r
}
