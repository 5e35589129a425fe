"""What Python, ftfy and tokenizers make of difficult texts -> internal/tokenizer/testdata/values.jsonl

python tokenizer_values.py   (Python 3.11, ftfy 6.3.1, tokenizers 0.20.3)

One a line: {"kind", "text", "want"}, where kind is fix (ftfy), unescape, lower or decode (text is bytes in hexadecimal), or
{"kind": "ids", "file", "text", "ids"}, where file is a tokenizer.json.
"""
import html
import json

import ftfy
import tokenizers

import models

OUT = models.ROOT / "internal/tokenizer/testdata/values.jsonl"

# Encodings taken for others, forms that have a standard one, entities with and without HTML around them.
FIXED = [
    'schÃ¶n', 'Ã la carte', 'Ã quele', 'VOILÃ\x80 schÃ¶n', 'âœ\u201d ok', 'ÊÂ©', 'â€œlikeâ€� this', 'â€œlikeâ€?',
    'à² à²¡', 'ÃƒÂ©tÃƒÂ©', 'Ã¢â\u201a¬â\u201e¢', 'Ã©tÃ© 中', 'dÃ©jÃ\xa0 vu\u2026 中 Ã©', 'РїСЂРёРІРµС\u201a',
    'Î³ÎµÎ¹Î±', '√©t√©', 'Å½lutÃ½ kÅ¯Å\x88', 'í\xa0½í¸\x80 Ã©', 'Ã©À\x80x', 'Ã©À\n', 'wait\x85 \x93ok\x94', '\x81',
    'ω Å É', '100 €, 5 £ \u2013 ½ \u201cx\u201d', '', 'plain\ttext\n\x0c', 'ĲﬁﬅŉǄ', 'Ｕﾀｰﾝ\u3000ﾊﾞ',
    '\u2018a\u2019 \u201ab\u201b \u201cc\u201d \u201ed\u201f ʼe', 'a\r\nb\rc\u2028d\u2029e',
    '\x1b[36;44mx\x1b[0m \x1b[;٣m \x1b[1 \x1b[', '\x00a\x0b\x1c\x7f\u206a\ufeff\ufff9￼\u200db\x0c',
    'e\u0301 a\u0323\u0302 \u1100\u1161\u11a8 \u212b', '&lt;b&gt;', 'a < b &lt;', '&lt;\n<\n&lt;', '&amp;lt;',
    '&amp;amp;amp;lt;', '＆ｌｔ；', '&EACUTE; &SZLIG; &nTILDE; &AMPX;', '&amp &copy', '&#59; &#38; &#x26; &#12a;',
    '&notit; &notin;', '&nGt;', '&semi;', "x" + "\u0301\u0316" * 20, "가" + "e\u0301" * 20,
    "a" + "\u0316" * 40 + "\u0301\u09c7\u09be",
]
UNESCAPED = [
    '', '&', '&;', '&&lt;', '&amp;', '&amp', '&ampx', '&AMP;', '&gt.', '&notit;', '&notin;', '&notin', '&unknown;',
    '&é;', '&Aacute&aacute;', '&CounterClockwiseContourIntegral;', '&nGt;&nLt;', '&#65;', '&#65', '&#1', '&#x41',
    '&#X41;x', '&#38;lt;', '&#', '&#;', '&#x;', '&#xg', '&#0;', '&#9;', '&#13;', '&#1;', '&#11;', '&#28;', '&#127;',
    '&#128;', '&#x81;', '&#150', '&#xD800;', '&#xfdd0;', '&#xfffd;', '&#x10FFFF;', '&#x110000;',
    '&#99999999999999999999;',
]
LOWERED = [
    'ID Ǆ ẞ Å \u212a', 'İI ıi', 'ΟΔΥΣΣΕΥΣ', 'Σ', 'ΑΣ', 'ΑΣ.', 'ΑΣ.Β', "'ΑΣ'", 'ΣΣ', 'Α\u0301Σ\u0301', 'Α\u0301Σ\xadΒ',
    '1Σ', 'ʰΣ', 'ªΣ 𝐀Σ', '\u0345Σ', '𐐀Ꭰ Ა',
]
DECODED = [
    b'\xff\xfe', b'\x80\x80', b'a\xe2\x82', b'\xe2\x82a', b'\xf0\x9f\x98\xf0\x9f', b'\xed\xa0\x80', b'\xc0\x80',
    b'\xf4\x90\x80\x80', b'\xff', b'a\xff\xfeb', b'\xe2\x82 a',
]

FIRST = [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -1]]
# Scores that are equal, that differ by rounding only, and characters that are unknown.
UNIGRAMS = [
    ([*FIRST, ["a", -2], ["b", -2], ["c", -2], ["ab", -3], ["bc", -3], ["abc", -5]], ["abc", "abcabc"]),
    ([*FIRST, ["bc", -3], ["a", -2], ["abc", -5], ["b", -2], ["c", -2], ["ab", -3]], ["abc", "cabb"]),
    ([*FIRST, ["ab", -0.1], ["a", -0.1], ["aab", -0.2], ["aa", -0.1], ["b", -0.1]], ["aab", "aaaab", "ababa"]),
    ([*FIRST, ["a", -20], ["aa", -5]], ["aaa", "ba", "中a", "<pad>x", "<unk>x"]),
    ([*FIRST, ["b", 7], ["ab", -1]], ["ab"]),
    ([*FIRST, ["b", 12], ["ab", -1]], ["ab"]),
    ([["<pad>", 30], ["</s>", 30], ["<unk>", 30], ["▁", 30], ["qr", 30], ["z", 45]],
     ["qr", "qrz", "zqrzqqr", "a<unk>", "<pad></s>"]),
]
# Tokens that take white space away on both sides, on the left, on the right and not at all. The last begins with another.
ADDED = [
    {"id": 6, "content": "<x>", "lstrip": True, "rstrip": True}, {"id": 7, "content": "<y>", "lstrip": True},
    {"id": 8, "content": "<z>", "rstrip": True}, {"id": 9, "content": "<y><z>"},
]
ADDED_TEXTS = [
    'a <x> a', 'a <y> a', 'a <z> a', 'a <y><z> a', '<z> <x>\t <y>\u3000 <z>\n', 'a\t<x>\ta', '<y', '<x><x',
]


def small(vocab, added=()):
    """A tokenizer.json with nothing but a Metaspace."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [flags | a for a in added],
        "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "post_processor": {
            "type": "TemplateProcessing", "single": [
                {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
        "decoder": None, "model": {"type": "Unigram", "unk_id": 2, "vocab": vocab, "byte_fallback": False},
    }, ensure_ascii=False)


def ids(file, text):
    return {"kind": "ids", "file": file, "text": text, "ids": tokenizers.Tokenizer.from_str(file).encode(text).ids}


def main():
    rows = [{"kind": "fix", "text": t, "want": ftfy.fix_text(t)} for t in FIXED]
    rows += [{"kind": "unescape", "text": t, "want": html.unescape(t)} for t in UNESCAPED]
    rows += [{"kind": "lower", "text": t, "want": t.lower()} for t in LOWERED]
    rows += [{"kind": "decode", "text": b.hex(), "want": b.decode("utf-8", "replace")} for b in DECODED]
    rows += [ids(small(vocab), text) for vocab, texts in UNIGRAMS for text in texts]
    added = small([*FIRST, ["a", -2], ["▁a", -2.5]], ADDED)
    rows += [ids(added, text) for text in ADDED_TEXTS]
    OUT.write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
