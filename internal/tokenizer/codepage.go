package tokenizer

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A codepage is a single-byte encoding that text may have been read in by mistake.
type codepage struct {
	charmap *charmap.Charmap
	// A windows codepage has unassigned bytes. They stand for the control character of the same number, and the byte
	// 1A for a character that was lost on the way, U+FFFD.
	windows bool
	// Mac Roman has an en dash followed by a space where the others have part of a UTF-8 sequence.
	keepSpaces bool
}

// codepages in the order in which they are tried.
var codepages = []codepage{
	{charmap: charmap.ISO8859_1},
	{charmap: charmap.Windows1252, windows: true},
	{charmap: charmap.Windows1251, windows: true},
	{charmap: charmap.Windows1250, windows: true},
	{charmap: charmap.Windows1253, windows: true},
	{charmap: charmap.Windows1254, windows: true},
	{charmap: charmap.Windows1257, windows: true},
	{charmap: charmap.ISO8859_2},
	{charmap: charmap.Macintosh, keepSpaces: true},
	{charmap: charmap.CodePage437},
}

// latinLike is how many of the codepages, from the first, look enough like Latin-1 for pieces of UTF-8 to be found in
// text that was read in them.
const latinLike = 7

const lostByte = 0x1a

// decode returns the character of byte b.
func (p codepage) decode(b byte) rune {
	if p.windows && b == lostByte {
		return utf8.RuneError
	}
	if r := p.charmap.DecodeByte(b); r != utf8.RuneError {
		return r
	}
	return rune(b)
}

// encodings has the bytes of every character that some codepage can encode.
var encodings = newEncodings()

// An encoding is a character in each codepage; bit p of in is set if codepage p has it.
type encoding struct {
	in    uint
	bytes [10]byte
}

func newEncodings() map[rune]encoding {
	m := map[rune]encoding{}
	for p, page := range codepages {
		for b := range 256 {
			r := page.decode(byte(b))
			e := m[r]
			e.in |= 1 << p
			e.bytes[p] = byte(b)
			m[r] = e
		}
	}
	return m
}

// possibleCodepages returns the set of the codepages that can encode text.
func possibleCodepages(text []rune) uint {
	set := uint(1)<<len(codepages) - 1
	for _, r := range text {
		set &= encodings[r].in
		if set == 0 {
			break
		}
	}
	return set
}

// encode returns text in codepage p, which must be possible.
func encode(text []rune, p int) []byte {
	b := make([]byte, len(text))
	for i, r := range text {
		b[i] = encodings[r].bytes[p]
	}
	return b
}
