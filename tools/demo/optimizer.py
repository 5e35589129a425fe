"""Muon for matrices and kernels, AdamW for the rest: fewer steps than AdamW alone, which counts where a step takes a second."""
import collections

import torch


def orthogonalized(m):
    """Newton-Schulz iteration (quintic) of matrices [N,out,in]: the nearest ones with singular values near one."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = m.shape[1] > m.shape[2]
    x = (m.mT if tall else m).bfloat16()
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Optimizer:
    """Steps over named parameters. Those for which by_matrix says so are orthogonalized as [out, in·kernel]."""

    def __init__(self, params, by_matrix, matrix_rate=0.02, rate=2e-3, decay=0.01):
        self.params, self.by_matrix = params, by_matrix
        self.matrix_rate, self.rate, self.decay = matrix_rate, rate, decay
        self.state = {name: self.fresh(name, p) for name, p in params.items()}

    def fresh(self, name, p):
        return [torch.zeros_like(p.data) for _ in range(1 if self.by_matrix(name, p) else 2)]

    @torch.no_grad()
    def step(self, number, factor):
        """factor scales the rates; number counts from 0. Parameters without a gradient stay as they are."""
        alike = collections.defaultdict(list)  # matrices of one shape go together, which saves many small operations
        for name, p in self.params.items():
            if p.grad is None:
                continue
            if self.by_matrix(name, p):
                m = self.direction(p.grad, *self.state[name])
                alike[m.shape].append((p, m))
            else:
                self.adam_step(p, p.grad, self.state[name], number, factor)
            p.grad = None
        for members in alike.values():
            self.matrix_step(members, factor)

    def direction(self, g, momentum):
        momentum.lerp_(g, 0.05)
        return g.lerp(momentum, 0.95).flatten(1)

    def matrix_step(self, members, factor):
        rate = self.matrix_rate * factor
        for (p, m), x in zip(members, orthogonalized(torch.stack([m for _, m in members]))):
            scale = max(1, m.shape[0] / m.shape[1]) ** 0.5
            p.mul_(1 - rate * self.decay).sub_(x.view_as(p), alpha=rate * scale)

    def adam_step(self, p, g, state, number, factor):
        first, second = state
        first.lerp_(g, 0.1)
        second.lerp_(g.square(), 0.02)
        n = number + 1
        size = (second / (1 - 0.98**n)).sqrt_().add_(1e-8)
        rate = self.rate * factor
        if p.ndim > 1:
            p.mul_(1 - rate * self.decay)
        p.addcdiv_(first / (1 - 0.9**n), size, value=-rate)
