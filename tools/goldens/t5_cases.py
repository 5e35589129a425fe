"""A T5-style vocabulary and strings with their ids -> internal/tokenizer/testdata/t5, t5-cases.jsonl

python t5_cases.py [--train]   (transformers 4.45.2, tokenizers 0.20.3, sentencepiece 0.2.0)

A case is {"text", "ids"}: what transformers' T5TokenizerFast, rebuilt from spiece.model, gives for max_length 512 with
truncation and without padding. Where reading tokenizer.json as it is gives something else, "tokenizer_json" holds that.
With --train the vocabulary is trained anew, on the docstrings of Python's standard library and our own prompts. It depends on
the release of Python, so that without --train the one that is there is kept.
"""
import argparse
import ast
import gzip
import json
import os
import pathlib
import tempfile

import tokenizers
import transformers

import models

import flux
import t5_unigram

OUT = models.ROOT / "internal/tokenizer/testdata"
PROMPTS_FILE = models.ROOT / "tools/oracle/flux_prompts.txt"

PIECES = 4000
LENGTH = 512

PROMPTS = [
    "A woman wearing a blue denim shirt and khaki pants, on a rocky desert plateau",
    "A man in a red winter coat reading a newspaper, on a rainy street at night.",
    flux.NEGATIVE,
    "Hello world", "hello World", "HELLO WORLD", "a", "A", "I", "the", "The quick brown fox jumps over the lazy dog.",
    "portrait of a 35-year-old man, 85mm, f/1.8, ISO 100, 1/250s",
    "photo of a cat :: dog (masterpiece:1.2), [blurry]",
    "A (very) close-up {portrait}; cinematic, 4k/8k -- no text!",
    "translate English to German: The house is wonderful.",
    "http://example.org/a?b=c&d=%20e#f", "user.name+tag@example.co.uk", "C:\\Program Files\\x",
    "def f(x):\n    return x**2\n",
    "Tom & Jerry &amp; friends &lt;b&gt;", "<b>bold</b> <s> </ s>", "snake_case CamelCase kebab-case SCREAMING_CASE",
    "antidisestablishmentarianism floccinaucinihilipilification", "zxqj wvkq xxyyzz qqqq",
]
WORDS = [
    "it's", "don't won't can't I'm you're we've they'll she'd", "it’s don’t “quoted” ‘single’ „German“ «French»",
    "rock 'n' roll", "O'Neil's", "''''", '"""', "...", "…", "!!!???", "?!?!?!", "--", "—", "–", "a-b-c",
    "a—b–c", "- - -",
    "1", "42", "1234567890", "3.14159", "1,000,000", "$9.99", "100%", "2023-11-05T12:34:56Z", "0x1F600",
    "1st 2nd 3rd",
    "½ ¼ ¾", "x² + y³ = z₂", "№ 5 ™ ® © ℃ Å Ω", "€ £ ¥ ₹", "±×÷≠≤≥∞√∑", "→ ← ↑ ↓ ⇒", "★☆●○■□", "α β γ Δ",
    "ŁódŹ", "naïve café",
    "Straße München Größe", "O femeie cu părul lung și țigară", "Ünïcödé Ñandú Çelik İstanbul ıI",
    "Æsop œuvre Øre þorn",
]
SPACES = [
    "", " ", "  ", "   ", "\t", "\n", "\r\n", "\t \n", " a", "  a", "a ", "a  ", " a b ", "a  b", "a   b",
    "a    b     c",
    "a\tb", "a\t\tb", "a \t b", "a\nb", "a\n\nb", "a\r\nb", "a\rb", "a\vb\fc", "\n\n a man \n\n a dog \n",
    " . , ! ", "a ,b , c",
    "word" + " " * 100 + "word", "a\u00a0b", "\u00a0a\u00a0", "a\u00a0 \u00a0b", "a \u00a0b", "a\u2003b",
    "a\u2002\u2003b", "a\u3000b",
    "a\u3000 b", "a\u202fb", "a\u205fb", "a\u1680b", "a\u2028b\u2029c", "a\u0085b", "a\u200bb", "\u200b",
    "\u200b a", "a \u200b b",
    "a\u200cb\u200dc", "a\u2060b", "\ufeffa", "a\ufeffb", "soft\u00adhyphen", "a\u180eb", "\u200e\u200fa",
    "a\u061cb", "a \u0301b",
]
CONTROL = [
    "a\x00b", "\x00", "a\x01b\x02c", "\x07bell", "\x1b[31mred\x1b[0m", "a\x7fb", "a\x80b\x9fc", "\x08\x0e\x1f",
    " \x01 ", "a \x01 b",
    "a\ufffdb", "\ufffe\uffff", "\U0010ffff", "\ue000 private", "a\ufff9b\ufffac\ufffb",
]
SPECIAL = [
    "</s>", "<pad>", "<unk>", "<extra_id_0>", "<extra_id_3>", "<extra_id_99>", "<extra_id_100>", "<EXTRA_ID_3>",
    "a</s>b",
    "a </s> b", "a  </s>  b", "a<pad>b", "a <unk> b", "a<extra_id_3>b", "a <extra_id_3> b", "a  <extra_id_3>  b",
    "a\n<extra_id_3>\tb", "a.<extra_id_3>,b", "<extra_id_0><extra_id_1> <extra_id_2>", "</s></s>", "< /s>",
    "<extra_id_3", "</S>",
    "The <extra_id_0> walks in <extra_id_1> park</s>", "▁", "▁▁", "a▁b", "a▁ b", "a ▁b", "▁a", " ▁a", "a▁",
    "a▁▁b", "▁ ▁", "<0x41>",
]
SCRIPTS = [
    "日本語のテキスト", "東京の夜、雨。", "中文提示词：一个男人", "한국어 문장입니다", "한국어", "สวัสดีชาวโลก", "مرحبا بالعالم", "ﷺ", "שלום עולם",
    "नमस्ते दुनिया", "Привет, мир!", "Ελληνικά κείμενο", "ქართული", "a漢b字c", "漢字漢字漢字", "漢字 漢字  漢字", "漢 字",
    "man 漢字 woman",
    "漢man", "man漢", "漢, 字.", "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝐛𝐨𝐥𝐝 𝒔𝒄𝒓𝒊𝒑𝒕", "𐍈𐌰𐌽", "ꙮ",
]
EMOJI = [
    "🙂", "a 🙂 b", "a🙂b", "🙂🙂🙂", "👩‍🚀", "👨‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "🇩🇪🇫🇷", "1️⃣", "™️", "❤️ love ❤", "☺️",
    "a👩‍🚀 b", "🤷🏿‍♀️!", "\ufe0f", "\u200d",
]
NORMALISED = [
    "e\u0301", "cafe\u0301", "café cafe\u0301", "A\u030a", "n\u0303andu\u0301", "o\u0302\u0323",
    "e\u0301\u0302\u0303\u0304\u0305", "Z\u0351\u036b\u0343a\u0300l\u0301g\u0302o\u0303",
    "\u0301", "\u0301a", "a \u0301 b", "Việt Nam", "Vie\u0323\u0302t", "が か\u3099 ｶﾞ", "ﾊﾟｿｺﾝ",
    "각 \u1100\u1161\u11a8", "\u1100\u1161\u11a8\u1100\u1161",
    "Ｆｕｌｌｗｉｄｔｈ　ｔｅｘｔ！", "ｆ１２３", "ﬁne ﬂow oﬃce ﬀ ﬆ", "ﬁ\u0301ne", "① ② ⑳ ⓐ", "①\ufe0f", "㎏ ㎞ ㌔ ㍻", "Ⅳ ⅷ", "ª º ⁿ",
    "ǆ Ǆ ŀ ŉ", "ſ ẛ", "K Å Ω", "⑴⒈", "…‥",
    "ﾞ", "\u3099", "ﷲ", "ا\u064eل", "⁠", "﹏﹐﹑", "￥￡", "‐‑‒–—―", "′″‴", "¨ ´ ¸", "ͺ΄", "\u0340\u0341\u0344",
]


# Special strings made by normalization, white space beside special strings, marks that vanish with a short cluster.
HOSTILE = [
    '＜/s＞ a', '＜pad＞', 'q＜unk＞中', '＜extra_id_5＞', 'a \xa0<extra_id_3>\u3000\n b', 'a <extra_id_1> \t <extra_id_2>b',
    'a  </s>  b', 'ª\u0897b', 'ª\u0301b', 'a\u0300\u0301b', '½\u0301\u0301 a', '①\u0301', '\x01\x02', 'a\x0b\x0b b',
    'the  red   man ', 'a \x0b ', '▁ ▁', 'a\x85<extra_id_3>b', 'a<extra_id_3>\x85b', 'a\x85</s>\x85b',
    'a  b \x0c c\u2028', '▁a b', '\ufffd', 'a\ufffd\ufffdb', '\ufffd a',
]


def long_cases(encode):
    """Around the limit of 512, and texts that stress the search."""
    word = next(w for w in ("man", "red", "the", "a") if len(encode(w)) == 2)  # one piece and </s>
    prompts = PROMPTS_FILE.read_text().split("\n")
    return [" ".join([word] * n) for n in (510, 511, 512, 513, 700)] + [
        " ".join(prompts)[:9000], "x" * 700, "ab" * 400, "漢" * 700, "漢 " * 600, "🙂" * 300, "a" * 5000, "," * 600,
        " ".join(["café\u00a0" + word] * 200), "<extra_id_7>" * 600,
    ]


def cases(encode):
    texts = PROMPTS + WORDS + SPACES + CONTROL + SPECIAL + SCRIPTS + EMOJI + NORMALISED + HOSTILE + long_cases(encode)
    return list(dict.fromkeys(texts))


def docstrings():
    """Paragraphs of the docstrings in the standard library's sources."""
    root = pathlib.Path(os.__file__).parent
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if {"site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__"} & set(parts):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                    yield " ".join(paragraph.split())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--train", action="store_true")
    spiece = OUT / "t5" / "spiece.model"
    if p.parse_args().train:
        corpus = [s for s in docstrings() if s] + 20 * PROMPTS_FILE.read_text().splitlines()
        spiece.write_bytes(t5_unigram.train(corpus, PIECES))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        t5_unigram.write(folder, spiece.read_bytes())
        rebuilt = transformers.T5TokenizerFast.from_pretrained(folder)
        text = (folder / "tokenizer.json").read_bytes()
    (OUT / "t5" / "tokenizer.json.gz").write_bytes(gzip.compress(text, mtime=0))
    plain = tokenizers.Tokenizer.from_str(text.decode("utf-8"))
    plain.enable_truncation(LENGTH)

    def encode(text):
        return rebuilt(text, max_length=LENGTH, truncation=True).input_ids

    with open(OUT / "t5-cases.jsonl", "w") as f:
        for text in cases(encode):
            case = {"text": text, "ids": encode(text)}
            if plain.encode(text).ids != case["ids"]:
                case["tokenizer_json"] = plain.encode(text).ids
            f.write(json.dumps(case) + "\n")


if __name__ == "__main__":
    main()
