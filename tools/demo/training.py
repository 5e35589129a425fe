"""What every stage of training shares: steps that can be cut and resumed, schedules, running means of weights."""
import os
import time

import torch

from data import batch_random
from optimizer import Optimizer

SAVE_SECONDS = 120
DECAY = 0.3  # the last part of the steps, in which rates fall to zero
EMA = 0.998


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast():
    return torch.autocast(device().type, torch.bfloat16)


def save(path, value):
    """Atomically: a cut run finds the old file or the new one."""
    partial = path.with_suffix(".partial")
    torch.save(value, partial)
    os.replace(partial, path)


class Trainer:
    """Trains named parameters. Schedules go by steps, so a run may be stopped, and killed, at any time.

    state holds further tensors that a checkpoint has to keep (running statistics, say).
    """

    def __init__(self, options, number, name, params, steps, log, by_matrix, state=None, warmup=50, **rates):
        self.path = options.cache / f"{name}.pt"
        self.options, self.number, self.name, self.log, self.warmup = options, number, name, log, warmup
        self.params, self.state, self.steps, self.done = params, state or {}, steps, 0
        self.optimizer = Optimizer(params, by_matrix, **rates)
        self.mean = {k: p.detach().clone() for k, p in params.items()}
        self.decay_at = int(steps * (1 - DECAY))
        if self.path.exists():
            self.load(torch.load(self.path, map_location=device()))

    def load(self, saved):
        self.done = saved["done"]
        begun = saved["decay_at"] < self.done
        self.decay_at = saved["decay_at"] if begun else max(self.decay_at, self.done)
        with torch.no_grad():
            for k, p in self.params.items():
                p.copy_(saved["params"][k])
                self.mean[k].copy_(saved["mean"][k])
                for kept, value in zip(self.optimizer.state[k], saved["optimizer"][k]):
                    kept.copy_(value)
            for k, v in self.state.items():
                v.copy_(saved["state"][k])
        self.log(f"{self.name}: goes on at step {self.done} of {self.steps}")

    def save(self):
        params = {k: p.detach() for k, p in self.params.items()}
        save(self.path, {
            "done": self.done, "decay_at": self.decay_at, "params": params, "mean": self.mean,
            "optimizer": self.optimizer.state, "state": self.state,
        })

    def last(self):
        """The step after which training ends: decay may have begun before its time."""
        return self.decay_at + self.steps - int(self.steps * (1 - DECAY))

    def factor(self):
        warm = min(1, (self.done + 1) / self.warmup)
        return warm * min(1, max(0.01, (self.last() - self.done) / max(1, self.last() - self.decay_at)))

    def run(self, loss_of, evaluate=None, every=500, goal=None):
        """loss_of(random, step) gives the loss and figures to log; evaluate() gives a figure of the mean weights, and a
        text. When the figure reaches goal, decay begins at once."""
        saved, started, cpu = time.monotonic(), self.done, time.process_time()
        while self.done < self.last():
            r = batch_random(self.options.seed, self.number, self.done)
            loss, figures = loss_of(r, self.done)
            loss.backward()
            self.clip()
            self.optimizer.step(self.done, self.factor())
            self.update_mean()
            self.done += 1
            if self.done % 50 == 0:
                rate = 60 * (self.done - started) / (time.process_time() - cpu)
                shown = " ".join(f"{k} {float(v):.4f}" for k, v in figures.items())
                text = f"{self.name}: {self.done} of {self.last()}, loss {float(loss):.4f} {shown}"
                self.log(f"{text} ({rate:.0f} steps a minute of CPU)")
            if evaluate and (self.done % every == 0 or self.done == self.last()):
                with self.mean_weights(), torch.no_grad():
                    figure, text = evaluate()
                self.log(f"{self.name}: {self.done} of {self.last()}, {text}")
                if goal is not None and figure >= goal and self.done < self.decay_at:
                    self.decay_at = self.done
            if time.monotonic() - saved > SAVE_SECONDS or self.done == self.last():
                self.save()
                saved = time.monotonic()

    def clip(self, most=1.0):
        grads = [p.grad for p in self.params.values() if p.grad is not None]
        norm = torch.stack(torch._foreach_norm(grads)).norm()
        if norm > most:
            torch._foreach_mul_(grads, float(most / norm))

    def update_mean(self):
        share = 1 - min(EMA, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.mean.values()), [p.data for p in self.params.values()], share)

    def mean_weights(self):
        return Swapped(self)


class Swapped:
    """Puts the running means in the place of the weights for a while."""

    def __init__(self, trainer):
        self.trainer = trainer

    def __enter__(self):
        self.swap()

    def __exit__(self, *_):
        self.swap()

    def swap(self):
        with torch.no_grad():
            for k, p in self.trainer.params.items():
                kept = p.data.clone()
                p.copy_(self.trainer.mean[k])
                self.trainer.mean[k].copy_(kept)
