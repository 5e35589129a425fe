"""CLIP's byte-level BPE with its two front ends: FaceCLIP's (open_clip) and Hugging Face's (FLUX, SDXL).

A vocabulary folder holds vocab.json and merges.txt, or the same with .gz, in the Hugging Face layout. Ids: 256 byte symbols, the same 256
with the end-of-word mark, one per merge, then START and END.
"""
import collections
import gzip
import html
import json
import pathlib

import ftfy
import regex

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
PIECE = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"

# The two front ends spell the special tokens differently; both spellings are matched before any other piece.
FACECLIP_SPECIAL = {"<start_of_text>": START, "<end_of_text>": END}
HF_SPECIAL = {START: START, END: END}

Vocabulary = collections.namedtuple("Vocabulary", "ids ranks")  # symbol -> id, (left, right) -> merge rank


def byte_alphabet():
    """The printable stand-in of every byte, in the order of the ids: 188 bytes that stand for themselves, then 68."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(rest)}


ALPHABET = byte_alphabet()


def vocabulary(merges):
    symbols = [*ALPHABET.values(), *(c + "</w>" for c in ALPHABET.values()), *(a + b for a, b in merges), START, END]
    return Vocabulary({s: i for i, s in enumerate(symbols)}, {m: i for i, m in enumerate(merges)})


def read(folder, name):
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    return data.decode("utf-8")


def load(folder):
    lines = read(folder, "merges.txt").strip().split("\n")[1:]  # the first line is a version
    return Vocabulary(json.loads(read(folder, "vocab.json")), {tuple(line.split()): i for i, line in enumerate(lines)})


def save(folder, vocab):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocab.ids, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(m) for m in sorted(vocab.ranks, key=vocab.ranks.get))]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def train(corpus_lines, merges):
    """A vocabulary of our own: repeatedly merge the most frequent pair (ties: the smallest pair)."""
    words = collections.Counter()
    for line in corpus_lines:
        for piece in regex.findall(PIECE, line.lower()):
            words[symbols(piece)] += 1
    learned = []
    while len(learned) < merges:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        best = min(pairs, key=lambda p: (-pairs[p], p))
        learned.append(best)
        words = collections.Counter({merge(w, best): n for w, n in words.items()})
    return vocabulary(learned)


def symbols(piece):
    chars = [ALPHABET[b] for b in piece.encode("utf-8")]
    return (*chars[:-1], chars[-1] + "</w>")


def merge(word, pair):
    """Joins every non-overlapping occurrence of pair in word, from the left."""
    out, i = [], 0
    while i < len(word):
        n = 2 if tuple(word[i : i + 2]) == pair else 1
        out.append("".join(word[i : i + n]))
        i += n
    return tuple(out)


def bpe(piece, vocab):
    word = symbols(piece)
    while len(word) > 1:
        best = min(zip(word, word[1:]), key=lambda p: vocab.ranks.get(p, len(vocab.ranks)))
        if best not in vocab.ranks:
            break
        word = merge(word, best)
    return [vocab.ids[s] for s in word]


def encode_clean(text, vocab, special):
    """Ids of cleaned, lower-cased text, without START and END."""
    pattern = "|".join(map(regex.escape, special)) + "|" + PIECE
    ids = []
    for piece in regex.findall(pattern, text, regex.IGNORECASE):
        ids += [vocab.ids[special[piece]]] if piece in special else bpe(piece, vocab)
    return ids


def collapse_spaces(text):
    return " ".join(text.split())


def faceclip_encode(text, vocab):
    text = html.unescape(html.unescape(ftfy.fix_text(text)))
    return encode_clean(collapse_spaces(text).lower(), vocab, FACECLIP_SPECIAL)


def faceclip_ids(text, vocab):
    """START, tokens, END, then zeros; a longer text keeps its first 77 ids, the last of them overwritten by END."""
    ids = [vocab.ids[START], *faceclip_encode(text, vocab), vocab.ids[END]]
    if len(ids) > LENGTH:
        ids = [*ids[: LENGTH - 1], vocab.ids[END]]
    return ids + [0] * (LENGTH - len(ids))


def hf_encode(text, vocab):
    """The special strings split the raw text first, exactly as spelled; each part is then cleaned by itself."""
    ids = []
    for part in regex.split(f"({regex.escape(START)}|{regex.escape(END)})", text):
        if part in HF_SPECIAL:
            ids.append(vocab.ids[part])
        else:
            ids += encode_clean(collapse_spaces(ftfy.fix_text(part)).lower(), vocab, HF_SPECIAL)
    return ids


def hf_ids(text, vocab):
    """START, at most 75 tokens, END, then END up to 77."""
    ids = [vocab.ids[START], *hf_encode(text, vocab)[: LENGTH - 2]]
    return ids + [vocab.ids[END]] * (LENGTH - len(ids))
