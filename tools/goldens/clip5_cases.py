"""What Hugging Face's tokenizers makes of plain texts with a CLIP tokenizer.json -> internal/tokenizer/testdata/clip5-cases.jsonl

python clip5_cases.py [FOLDER]   (tokenizers 0.20.3)

FOLDER has the tokenizer of a miniature as transformers 5 saves it; its tokenizer.json is in internal/tokenizer/testdata/clip5.
A line is {"text", "hf": ids without padding}. Texts are such that the front ends of all versions agree on them.
"""
import gzip
import json
import pathlib
import sys

from tokenizers import Tokenizer

OUT = pathlib.Path(__file__).parents[2] / "internal/tokenizer/testdata"

CASES = [
    "", "a photo of a woman in the rain", "Photo of a id person. A MAN, 35 years old", "don't they're we'll it's",
    "studio light (bokeh), 8k; film-grain!!", "internationalization of the painter's interior", "two  spaces\tand\na line",
]


def main():
    file = OUT / "clip5/tokenizer.json.gz"
    if len(sys.argv) > 1:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(gzip.compress((pathlib.Path(sys.argv[1]) / "tokenizer.json").read_bytes(), mtime=0))
    tokenizer = Tokenizer.from_str(gzip.decompress(file.read_bytes()).decode("utf-8"))
    with open(OUT / "clip5-cases.jsonl", "w", encoding="utf-8") as out:
        for text in CASES:
            out.write(json.dumps({"text": text, "hf": tokenizer.encode(text).ids}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
