"""The real CLIP vocabulary in the Hugging Face layout, and what two third-party tokenizers make of nasty strings.

python clip_cases.py [--reference CHECKOUT]   (open_clip_torch 2.29.0, transformers 4.45.2, ftfy 6.3.1)

Writes internal/tokenizer/testdata/clip/{vocab.json,merges.txt}.gz from open_clip's copy, and clip-cases.jsonl beside it, one
{"text", "faceclip": 77 ids, "hf": 77 ids} per line: from open_clip's SimpleTokenizer (with CHECKOUT, a clone of
bytedance/FaceCLIP, from the reference's own, which must agree) and from transformers' CLIPTokenizer. Fails if the oracle's
clip_bpe.py disagrees with either.
"""
import argparse
import gzip
import importlib.util
import json
import pathlib
import tempfile

from transformers import CLIPTokenizer

import models

import clip_bpe
from sdxl import NEGATIVE

OUT = models.ROOT / "internal/tokenizer/testdata"

MERGES = 49152 - 256 - 2  # how many lines of open_clip's file count

CASES = [
    "", " ", "   \t \n ", "id", "ID", "Photo of a id person.",
    "Photo of a id person. a woman holding an id card, id: 42",
    "A woman wearing a blue denim shirt and khaki pants, on a rocky desert plateau.", NEGATIVE, "hello!",
    "don't", "a1b2", "!!!", "&amp;amp; hi &lt;b&gt;", "hello   world", "Hello\nWorld\tagain\r\nend",
    "I'm sure they've said you'd, we'll, it's, can't, they're", "I’m sure they’ve said ‘quoted’ “words”",
    "IT'S DON'T THEY'RE WE'VE I'M HE'LL SHE'D", "'s't're've'm'll'd", "''''",
    "'sun 'tis 'twas rock'n'roll o'clock", "s' t' ll'", "x'S y'T z'RE", "it´s it`s itʼs it＇s", "1234567890",
    "3.14159, 2,000,000.50 and 1e-9", "4k 8K uhd, f/1.8, 85mm, iso100", "No. 5 (five) [5] {5} <5>",
    "½ ¼ ² ³ ① Ⅷ ٣ ४ 五", "the 21st century, 1990s, 3rd", "...", "?!?!", "--- — – -",
    "!@#$%^&*()_+-=[]{}|;':\",./<>?`~", "a.b,c;d:e", "(((masterpiece))), [blurry:1.2], {x|y}",
    "snake_case and kebab-case, CamelCase", "C++ C# .NET", "http://example.com/path?x=1&y=2#z",
    "user@example.com", "50% off $5 €10 £20 ¥30", "a photo of a cat 😀", "😀😁😂🤣", "👨‍👩‍👧‍👦 family",
    "🏳️‍🌈 flag 🇩🇪 🇫🇷", "👍🏽 thumbs", "❤️ ♥ ☺️", "smile :) :-) ;-) <3 </3", "一个穿着蓝色牛仔衬衫的女人", "日本語のプロンプト、テスト。",
    "カタカナ ｶﾀｶﾅ ひらがな", "한국어 프롬프트", "한국어 NFD 자모", "مرحبا بالعالم", "شَخْص مُشَكَّل", "שלום עולם", "नमस्ते दुनिया",
    "สวัสดีชาวโลก", "Привет, мир!", "ΟΔΥΣΣΕΥΣ ΟΔΟΣ Σ ΑΣ. ΣΑΣ", "ΌΣΟΣ ὈΔΥΣΣΕΎΣ", "İstanbul IĞDIR ıi",
    "DİYARBAKIR'da", "STRASSE Straße ẞ", "Ångström Ångström", "café café", "naïve façade coöperate Ünïcödé",
    "é́ ê̄ ë̈", "Z̷͎̈́a̵l̶g̸o̷", "ǅ ǈ ǋ Ǳ", "ﬁ ﬂ ﬀ ﬃ ﬅ", "Ĳsselmeer ĳ Œuvre œ Æsir æ", "ＦＵＬＬＷＩＤＴＨ　ｔｅｘｔ　１２３！",
    "ｆｕｌｌ＆ａｍｐ；", "½cup ℃ ℉ № ™ ® ©", "𝓗𝓮𝓵𝓵𝓸 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛", "Ⓐⓑⓒ ㎏ ㍿", "ª º ⁿ ₂ H₂O x²",
    "zero\u200bwidth\u200cspace\u200djoin\ufeffbom", "\ufeffleading bom", "soft\u00adhyphen",
    "nbsp\u00a0here\u00a0\u00a0twice", "thin\u2009space em\u2003space ideographic\u3000space",
    "line\u2028sep para\u2029sep nel\u0085x vt\x0bff\x0c", "\u202ertl override\u202c \u200elrm",
    "ctrl\x00\x01\x02\x1f\x7fchars", "fs\x1cgs\x1drs\x1eus\x1fend", "\x1b[31mred\x1b[0m text", "tab\tsep",
    "   lead and trail   ", "a\u0301b", "lone \ufffd replacement", "private \ue000 use",
    "&lt;b&gt; &quot;q&quot; &#39;x&#39; &nbsp;y", "&amp;lt;tag&amp;gt;", "&amp;amp;amp; deep",
    "<b>&amp;</b> &lt;i&gt;", "&eacute;t&eacute; &#233; &#xe9; &hearts;", "&notit; &notin; &unknown; &;",
    "AT&T R&D Q&A", "&copy 2025 &copy; &reg", "&#0; &#x110000; &#xd800; &#128; &#x1F600;", "&AMP; &Amp; &LT;",
    "schÃ¶n fÃ¼r dÃ©jÃ  vu", "âœ” check â€œquotesâ€\x9d donâ€™t", "â€” dash â€¦ dots", "Ã©tÃ© Ã ",
    "l’humanitÃ©", "RUF MICH ZURÃœCK", "ðŸ˜€ smile", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "æ—¥æœ¬", "plain Ã alone",
    "voilÃ  le chÃ¢teau", "<|endoftext|>", "a <|endoftext|> b", "a<|startoftext|>b<|endoftext|>c",
    "<|ENDOFTEXT|> upper", "<start_of_text> x <end_of_text> y", "<START_OF_TEXT>", "<end_of_text",
    "<|endoftext|", "endoftext <| |>", "caf\u00e9<|endoftext|>&amp; it's", "  x  <|endoftext|>  y  ",
    "word " * 74, "word " * 75, "word " * 76, "word " * 200, "supercalifragilisticexpialidocious " * 12,
    "a" * 300, "ab" * 200, "!" * 200, "!?" * 150, "1" * 90, "😀" * 40, "中" * 60, f"{NEGATIVE}, {NEGATIVE}",
    "id " * 80, "a woman " * 37 + "<end_of_text> tail", "é" * 100, "x " * 73 + "last words 'll",
    "Photo of a id person. İd ıd ID Id iD id", "identity ideal idea kid did id-card id_card id.",
    "l'id, d'identité", "ＩＤ", "i d", "id\u200bcard", "i\u0307d",
    "Dr. Smith's (PhD) \"best-of\" list: A/B, C&D; e=mc^2 ~ 100%!",
    "portrait, studio light, 35mm film grain, bokeh, highly-detailed, 8k", "ʻokina Hawaiʻi", "ß ſ K Å",
    "𐐀𐐁 𐐨 Deseret", "ᏣᎳᎩ Cherokee ꭰ", "Ω ω Ω ohm", "ჯ Ჯ Georgian", "ﷺ ﷲ", "ﾞ ﾟ ゛", "\u0345ᾼΙ ᾼ ᾳ",
    "“Smart” ‚low‘ „quotes‟ «guillemets» ‹x›", "a\u2019s b\u2018t", "ŉ ǰ ΐ", "²nd 2² x₁", "x" + "\u0300"*20,
    "\u0300 alone mark", "tailing mark e\u0301", "🅰🅱 ⒈ ⑴",
    # No text at all, and special strings that are not quite.
    '&#55357;', '\x00\x01\x7f', '\u0345', 'id\u0345id', 'id\xa0id\u3000id\u2003id', 'AΣ İ', "'ſ", '&#48',
    '<|endoftext|>', '<|ENDOFTEXT|>', '&lt;|endoftext|&gt;', '<|endoftext|><|endoftext|>id<|endo',
    '<start_of_text>id<END_OF_TEXT>', '&lt;end_of_text&gt;', '!<end_of_text>', '<ſtart_of_text>', '\ufffd',
]


def load_tokenizer(folder):
    """The module tokenizer.py of an open_clip, without the networks beside it."""
    spec = importlib.util.spec_from_file_location("open_clip_tokenizer", pathlib.Path(folder) / "tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def real_vocabulary(merges_file):
    lines = gzip.open(merges_file).read().decode("utf-8").split("\n")[1 : MERGES + 1]
    return clip_bpe.vocabulary([tuple(line.split()) for line in lines])


def compress(folder, out):
    out.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        (out / (path.name + ".gz")).write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=pathlib.Path)
    args = parser.parse_args()
    module = load_tokenizer(importlib.util.find_spec("open_clip").submodule_search_locations[0])
    open_clip = [module.SimpleTokenizer()]
    if args.reference:
        open_clip.append(load_tokenizer(args.reference / "core" / "face_clip" / "open_clip").SimpleTokenizer())
    vocab = real_vocabulary(module.default_bpe())
    with tempfile.TemporaryDirectory() as folder:
        clip_bpe.save(folder, vocab)
        compress(pathlib.Path(folder), OUT / "clip")
        hf = CLIPTokenizer.from_pretrained(folder, model_max_length=clip_bpe.LENGTH)
    with open(OUT / "clip-cases.jsonl", "w", encoding="utf-8") as f:
        for text in CASES:
            faceclip = [t([text], context_length=clip_bpe.LENGTH)[0].tolist() for t in open_clip]
            row = {"text": text, "faceclip": faceclip[0], "hf": hf(text, padding="max_length", truncation=True).input_ids}
            if faceclip[0] != faceclip[-1]:
                raise SystemExit(f"open_clip and the reference disagree on {text!r}")
            if row["faceclip"] != clip_bpe.faceclip_ids(text, vocab) or row["hf"] != clip_bpe.hf_ids(text, vocab):
                raise SystemExit(f"clip_bpe.py disagrees on {text!r}")
            f.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(f"{len(CASES)} cases, all agree")


if __name__ == "__main__":
    main()
