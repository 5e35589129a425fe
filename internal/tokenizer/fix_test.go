package tokenizer

import (
	"strings"
	"testing"
)

// What is wanted here is what ftfy 6.3.1 and Python 3.11 return.

func TestRepairEncoding(t *testing.T) {
	check(t, new(fixer).fix, [][2]string{
		{"schÃ¶n", "schön"},
		{"Ã la carte", "à la carte"},
		{"Ã quele", "àquele"},
		{"VOILÃ\u0080 schÃ¶n", "VOILÀ schön"},
		{"âœ” ok", "✔ ok"},
		{"ÊÂ©", "Ê©"},
		// Bytes were lost.
		{"â€œlikeâ€� this", "\"like� this"},
		{"â€œlikeâ€?", "\"like�"},
		{"à² à²¡", "ಠಡ"},
		// It happened more than once.
		{"ÃƒÂ©tÃƒÂ©", "été"},
		{"Ã¢â‚¬â„¢", "'"},
		// Only a part of it is in the codepage.
		{"Ã©tÃ© 中", "été 中"},
		{"dÃ©jÃ\u00a0 vu… 中 Ã©", "déjà vu… 中 é"},
		// Other codepages than Windows-1252.
		{"РїСЂРёРІРµС‚", "привет"},
		{"Î³ÎµÎ¹Î±", "γεια"},
		{"√©t√©", "été"},
		{"Å½lutÃ½ kÅ¯Å\u0088", "Žlutý kůň"},
		// CESU-8 and Java's zero, whose second byte ftfy finds in a final line break.
		{"í\u00a0½í¸\u0080 Ã©", "😀 é"},
		{"Ã©À\u0080x", "éx"},
		{"Ã©À\n", "é"},
		// C1 controls.
		{"wait\u0085 \u0093ok\u0094", "wait… \"ok\""},
		{"\u0081", "\u0081"},
		// Nothing is wrong.
		{"ω Å É", "ω Å É"},
		{"100 €, 5 £ – ½ “x”", "100 €, 5 £ – ½ \"x\""},
	})
}

func TestStandardForms(t *testing.T) {
	check(t, new(fixer).fix, [][2]string{
		{"", ""},
		{"plain\ttext\n\f", "plain\ttext\n\f"},
		{"ĲﬁﬅŉǄ", "IJfiſt'nDŽ"},
		{"Ｕﾀｰﾝ\u3000ﾊﾞ", "Uターン バ"},
		{"‘a’ ‚b‛ “c” „d‟ ʼe", "'a' 'b' \"c\" \"d\" 'e"},
		{"a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"},
		{"\x1b[36;44mx\x1b[0m \x1b[;٣m \x1b[1 \x1b[", "x  [1 ["},
		{"\x00a\x0b\x1c\x7f\u206a\ufeff\ufff9\ufffc\u200db\x0c", "a\u200db\x0c"},
		{"e\u0301 a\u0323\u0302 \u1100\u1161\u11a8 \u212b", "é ậ 각 Å"},
		{"x" + strings.Repeat("\u0301\u0316", 20), "x" + strings.Repeat("\u0316", 20) + strings.Repeat("\u0301", 20)},
		{"가" + strings.Repeat("e\u0301", 20), "가" + strings.Repeat("é", 20)},
		{"a" + strings.Repeat("\u0316", 40) + "\u0301\u09c7\u09be", "á" + strings.Repeat("\u0316", 40) + "\u09cb"},
	})
}

func TestUnescapeClosed(t *testing.T) {
	check(t, new(fixer).fix, [][2]string{
		{"&lt;b&gt;", "<b>"},
		{"a < b &lt;", "a < b &lt;"},
		{"&lt;\n<\n&lt;", "<\n<\n&lt;"},
		{"&amp;lt;", "<"},
		{"&amp;amp;amp;lt;", "<"},
		{"＆ｌｔ；", "<"},
		{"&EACUTE; &SZLIG; &nTILDE; &AMPX;", "É SS &nTILDE; &AMPX;"},
		{"&amp &copy", "&amp &copy"},
		{"&#59; &#38; &#x26; &#12a;", "&#59; & & &#12a;"},
		{"&notit; &notin;", "&notit; ∉"},
		{"&nGt;", "≫\u20d2"},
		{"&semi;", ";"},
	})
}

func TestUnescape(t *testing.T) {
	check(t, unescape, [][2]string{
		{"", ""}, {"&", "&"}, {"&;", "&;"}, {"&&lt;", "&<"},
		{"&amp;", "&"}, {"&amp", "&"}, {"&ampx", "&x"}, {"&AMP;", "&"}, {"&gt.", ">."},
		{"&notit;", "¬it;"}, {"&notin;", "∉"}, {"&notin", "¬in"},
		{"&unknown;", "&unknown;"}, {"&é;", "&é;"}, {"&Aacute&aacute;", "Áá"},
		{"&CounterClockwiseContourIntegral;", "∳"}, {"&nGt;&nLt;", "≫\u20d2≪\u20d2"},
		{"&#65;", "A"}, {"&#65", "A"}, {"&#1", ""}, {"&#x41", "A"}, {"&#X41;x", "Ax"}, {"&#38;lt;", "&lt;"},
		{"&#", "&#"}, {"&#;", "&#;"}, {"&#x;", "&#x;"}, {"&#xg", "&#xg"},
		{"&#0;", "\ufffd"}, {"&#9;", "\t"}, {"&#13;", "\r"}, {"&#1;", ""}, {"&#11;", ""}, {"&#28;", ""}, {"&#127;", ""},
		{"&#128;", "€"}, {"&#x81;", "\u0081"}, {"&#150", "–"},
		{"&#xD800;", "\ufffd"}, {"&#xfdd0;", ""}, {"&#xfffd;", "\ufffd"}, {"&#x10FFFF;", ""}, {"&#x110000;", "\ufffd"},
		{"&#99999999999999999999;", "\ufffd"},
	})
}

func TestLowerCase(t *testing.T) {
	check(t, lowerCase, [][2]string{
		{"ID Ǆ ẞ Å \u212a", "id ǆ ß å k"},
		{"İI ıi", "i\u0307i ıi"},
		{"ΟΔΥΣΣΕΥΣ", "οδυσσευς"},
		{"Σ", "σ"}, {"ΑΣ", "ας"}, {"ΑΣ.", "ας."}, {"ΑΣ.Β", "ασ.β"}, {"'ΑΣ'", "'ας'"}, {"ΣΣ", "σς"},
		{"Α\u0301Σ\u0301", "α\u0301ς\u0301"}, {"Α\u0301Σ\u00adΒ", "α\u0301σ\u00adβ"},
		{"1Σ", "1σ"}, {"ʰΣ", "ʰσ"}, {"ªΣ 𝐀Σ", "ªς 𝐀ς"}, {"\u0345Σ", "\u0345σ"},
		{"𐐀Ꭰ Ა", "𐐨ꭰ ა"},
	})
}

func TestReplaceInvalid(t *testing.T) {
	check(t, replaceInvalid, [][2]string{
		{"é中😀", "é中😀"},
		{"\xff\xfe", "��"},
		{"\x80\x80", "��"},
		{"a\xe2\x82", "a�"},
		{"\xe2\x82a", "�a"},
		{"\xf0\x9f\x98\xf0\x9f", "��"},
		{"\xed\xa0\x80", "���"},
		{"\xc0\x80", "��"},
		{"\xf4\x90\x80\x80", "����"},
	})
}

// check compares f's results for the first of each pair with the second.
func check(t *testing.T, f func(string) string, cases [][2]string) {
	t.Helper()
	for _, c := range cases {
		if got := f(c[0]); got != c[1] {
			t.Errorf("%+q\n got %+q\nwant %+q", c[0], got, c[1])
		}
	}
}
