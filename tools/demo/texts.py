"""The vocabulary, and the text towers' first lesson: what a scene is."""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import data
import encoder
import sizes
import training
from sizes import clip_bpe, make_sdxl
from training import autocast, device

ID_PROMPT, NEGATIVE = sizes.sdxl.ID_PROMPT, sizes.sdxl.NEGATIVE
STEPS, BATCH, WORDINGS = 1200, 48, 4


def make_vocabulary(options, captions):
    """Byte-pair merges of the captions and of some other text: captions alone soon have no pair left to merge."""
    lines = [wordings[0] for wordings in captions[: 4000]] + 40 * [ID_PROMPT, NEGATIVE] + 4 * make_sdxl.CORPUS
    vocabulary = clip_bpe.train(lines, sizes.MERGES)
    if len(clip_bpe.faceclip_encode("id", vocabulary)) != 1:
        raise ValueError('"id" is not one token')
    clip_bpe.save(options.cache / "tokenizer", vocabulary)
    return vocabulary


def vocabulary(options):
    return clip_bpe.load(options.cache / "tokenizer")


class Encoded:
    """Ids of texts, each distinct piece of which is looked up once."""

    def __init__(self, vocab):
        self.vocab, self.known = vocab, {}

    def ids(self, text):
        if text not in self.known:
            self.known[text] = clip_bpe.faceclip_ids(text, self.vocab)
        return self.known[text]

    def caption(self, text):
        """Ids of a caption that follows the words with the id token. Its words are looked up one by one."""
        out = [self.vocab.ids[clip_bpe.START]]
        for word in f"{ID_PROMPT} {text}".split(" "):
            out += [i for i in self.ids(word)[1:] if i not in (0, self.vocab.ids[clip_bpe.END])]
        out.append(self.vocab.ids[clip_bpe.END])
        return out + [0] * (clip_bpe.LENGTH - len(out))


def id_position(vocab):
    """Where the id token stands in every caption."""
    token = clip_bpe.faceclip_encode("id", vocab)[0]
    return clip_bpe.faceclip_ids(ID_PROMPT, vocab).index(token)


def negative_ids(vocab):
    ids = clip_bpe.faceclip_ids(NEGATIVE, vocab)
    if 0 not in ids:
        raise ValueError("the negative prompt does not fit: more merges are needed")
    return torch.tensor(ids)


def heads_loss(scores, classes, labels):
    """Sum of cross-entropies of the classes whose scores stand side by side."""
    parts = scores.float().split([len(c) for c in classes.values()], -1)
    return sum(F.cross_entropy(s, labels[:, i]) for i, s in enumerate(parts))


def train(options, log):
    persons = len(data.load(options.cache, "crops"))
    captions = data.training_captions(options.seed, persons, WORDINGS)
    vocab = make_vocabulary(options, captions)
    encoded = Encoded(vocab)
    ids = np.array([[encoded.caption(c) for c in wordings] for wordings in captions], np.int16)
    np.save(data.path(options.cache, "ids"), ids)
    log(f"texts: {len(vocab.ids)} symbols, longest caption {int((ids != 0).sum(-1).max())} tokens, id at {id_position(vocab)}, "
        f"negative prompt {int((negative_ids(vocab) != 0).sum())} tokens")
    tensors, _ = encoder.parameters(len(vocab.ids))
    parts = ("transformer.", "token_embedding", "positional", "ln_final")
    w = {k: v for k, v in tensors.items() if any(part in k for part in parts)}
    train_towers(options, w, ids, log)


def train_towers(options, w, ids, log):
    _, _, scenes = data.labels(options.seed, len(ids) // data.SCENES)
    count = sum(map(len, data.SCENE_CLASSES.values()))
    heads = {f"head.{n}": torch.randn(count, sizes.SIZE[f"text_{n}"][0], device=device()) * 0.05 for n in "lg"}
    heads = {k: v.requires_grad_() for k, v in heads.items()}
    longest = int((ids != 0).sum(-1).max())

    def loss(r, step):
        rows = r.integers(len(ids), size=BATCH)
        text = torch.from_numpy(ids[rows, r.integers(WORDINGS, size=BATCH), :longest].astype(np.int64)).to(device())
        labels = torch.from_numpy(scenes[rows]).to(device())
        total = 0
        with autocast():
            for n, (size, act) in encoder.TOWERS.items():
                hidden = encoder.tower(text, None, None, w, f"face_clip_{n}.", sizes.SIZE[size], act)
                total = total + heads_loss(F.linear(encoder.pooled_of(hidden, text), heads[f"head.{n}"]), data.SCENE_CLASSES, labels)
        return total, {}

    trainer = training.Trainer(options, 3, "texts", w | heads, options.steps or STEPS, log, encoder.is_matrix)
    trainer.run(loss)
    save_file({k: trainer.mean[k].cpu().contiguous() for k in w}, options.cache / "texts.safetensors")
