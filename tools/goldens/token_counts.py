"""How many tokens texts have that nothing cuts -> internal/tokenizer/testdata/counts.json

python token_counts.py   (open_clip_torch 2.29.0, transformers 4.45.2, tokenizers 0.20.3, ftfy 6.3.1)

Of the cases of clip_cases.py and t5_cases.py, in their order, without the start, the end and padding: by open_clip and
by transformers; by T5TokenizerFast, rebuilt from spiece.model, and by tokenizer.json as it is.
"""
import gzip
import importlib.util
import json
import pathlib
import tempfile

import tokenizers
import transformers

import clip_cases
import t5_cases
import t5_unigram

OUT = clip_cases.OUT


def texts(name):
    return [json.loads(line)["text"] for line in open(OUT / name, encoding="utf-8")]


def clip_counts(folder):
    for path in (OUT / "clip").iterdir():
        (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    hf = transformers.CLIPTokenizer.from_pretrained(folder)
    module = clip_cases.load_tokenizer(importlib.util.find_spec("open_clip").submodule_search_locations[0])
    open_clip = module.SimpleTokenizer()
    return [[len(open_clip.encode(t)), len(hf(t).input_ids) - 2] for t in texts("clip-cases.jsonl")]


def t5_counts(folder):
    t5_unigram.write(folder, (OUT / "t5" / "spiece.model").read_bytes())
    rebuilt = transformers.T5TokenizerFast.from_pretrained(folder)
    plain = tokenizers.Tokenizer.from_str(gzip.decompress((OUT / "t5" / "tokenizer.json.gz").read_bytes()).decode("utf-8"))
    return [[len(rebuilt(t).input_ids) - 1, len(plain.encode(t).ids) - 1] for t in texts("t5-cases.jsonl")]


def main():
    counts = {}
    for name, count in (("clip", clip_counts), ("t5", t5_counts)):
        with tempfile.TemporaryDirectory() as folder:
            counts[name] = count(pathlib.Path(folder))
    (OUT / "counts.json").write_text(json.dumps(counts, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
