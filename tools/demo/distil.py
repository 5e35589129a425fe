"""Distils the trained miniature for few steps, and writes it as a model folder whose scheduler is LCM.

python distil.py OUT_DIR [--seed 1] [--threads N] [--cache DIR] [--steps N] [--batch N]

Latent consistency distillation (Luo et al. 2023, Algorithm 1): from a noised latent the student is to see the picture that its own
running mean sees one step of the teacher later. The teacher's steps are DDIM's, with guidance, which thereby becomes a part of the
student: it draws without (guidance 1), in four steps. A run that is cut goes on at its last checkpoint, distil.pt.
"""
import copy
import types

import torch
from safetensors.torch import load_file, save_file
from torch.func import functional_call

import diffusion
import export
import joint
import sizes
import train as command
import training
from training import autocast, device

STEPS, GUIDANCE = 600, 4.0
GRID, TIME_SCALE, DATA = 50, 10.0, 0.5  # LCMScheduler: original_inference_steps, timestep_scaling, sigma_data
HUBER = 0.001
UNSEEN, EVERY, FEW = 16, 250, 4


def column(v):
    return v[:, None, None, None]


def level(alphas, t):
    """The shares of signal and noise at times t, of which -1 is the picture itself."""
    a = torch.where(t >= 0, alphas[t.clamp(min=0)], torch.ones_like(alphas[0]))
    return column(a.sqrt()), column((1 - a).sqrt())


def picture(x, eps, alphas, t):
    signal, noise = level(alphas, t)
    return (x - noise * eps) / signal


def consistent(x, eps, alphas, t):
    """What a student sees: at time 0 the latent itself, later the picture."""
    scaled = column(t.clamp(min=0).float() * TIME_SCALE)
    skip, out = DATA**2 / (scaled**2 + DATA**2), scaled / (scaled**2 + DATA**2).sqrt()
    return skip * x + out * picture(x, eps, alphas, t)


@torch.no_grad()
def teachers_step(teacher, x, t, s, condition, alphas):
    """One DDIM step with guidance from times t to s."""
    context, pooled, none, none_pooled = condition
    both = torch.cat([none.expand_as(context), context]), torch.cat([none_pooled.expand_as(pooled), pooled])
    with autocast():
        negative, positive = diffusion.predict(teacher, x.repeat(2, 1, 1, 1), t.repeat(2), *both).chunk(2)
    eps = negative + GUIDANCE * (positive - negative)
    signal, noise = level(alphas, s)
    return signal * picture(x, eps, alphas, t) + noise * eps


def times(r, count):
    """Random times of the grid, spread evenly, and those one step before."""
    n = ((r.permutation(count) + r.random(count)) * GRID / count).astype("int64")
    every = diffusion.TIMES // GRID
    t = torch.from_numpy((n + 1) * every - 1).to(device())
    return t, t - every


def loss_function(student, teacher, mean, condition, draw, alphas):
    """mean() gives the running means of the student's weights; draw(r) latents, faces and ids."""

    def loss(r, step):
        z, crops, ids = draw(r)
        t, s = times(r, len(z))
        noise, _, _ = diffusion.random_noise(r, z)
        blind = torch.from_numpy(r.random(len(z)) < diffusion.BLIND).to(z.device) & (t >= diffusion.BLIND_FROM)
        x, _, _ = diffusion.noised(z, noise, t, blind, alphas)
        with torch.no_grad(), autocast():
            context, pooled, _ = condition(ids, crops)
            none, none_pooled, _ = condition(ids[:1], crops[:1], torch.zeros(1, dtype=torch.bool, device=z.device))
            earlier = teachers_step(teacher, x, t, s, (context, pooled, none, none_pooled), alphas)
            eps = diffusion.predict(lambda *a, **k: functional_call(student, mean(), a, k), earlier, s.clamp(min=0), context, pooled)
            target = torch.where(column(s >= 0), consistent(earlier, eps, alphas, s), earlier)
        with autocast():
            eps = diffusion.predict(student, x, t, context, pooled)
        square = (consistent(x, eps, alphas, t) - target) ** 2
        huber = (square + HUBER**2).sqrt() - HUBER
        return huber.mean(), {"square": square.mean()}

    return loss


@torch.no_grad()
def sample(student, condition, seed, steps=FEW):
    """LCM's steps, as LCMScheduler has them -> scaled latents."""
    context, pooled, _, _ = condition
    generator = torch.Generator().manual_seed(seed)
    draw = lambda: torch.randn((len(context), 4, diffusion.HEIGHT // 8, diffusion.WIDTH // 8), generator=generator).to(device())
    alphas, every = diffusion.kept(), diffusion.TIMES // GRID
    visited = [(GRID - i * GRID // steps) * every - 1 for i in range(steps)]
    x = draw()
    for i, time in enumerate(visited):
        t = torch.full((len(x),), time, device=x.device)
        with autocast():
            eps = diffusion.predict(student, x, t, context, pooled)
        x = consistent(x, eps, alphas, t)
        if i + 1 < steps:
            signal, noise = level(alphas, torch.full_like(t, visited[i + 1]))
            x = signal * x + noise * draw()
    return x


def evaluator(student, condition, first):
    """How far the pictures of one step and of few are from the teacher's of 20 guided ones, from the same noise."""

    def evaluate():
        errors = [float(((sample(student, condition, 0, steps) - first) ** 2).mean()) for steps in (1, FEW)]
        return -errors[1], "from the teacher's pictures: {:.4f} in 1 step, {:.4f} in {}".format(*errors, FEW)

    return evaluate


def train(options, log):
    """The student, a U-Net of the same shape."""
    model = joint.load(options)
    if model.done:
        log(f"distil: the teacher is a checkpoint of step {model.done}")
    student = copy.deepcopy(model.net).requires_grad_(True)
    params = {joint.UNET + k: p for k, p in student.named_parameters()}
    trainer = training.Trainer(
        options, 5, "distil", params, options.steps or STEPS, log, joint.by_matrix, warmup=100, matrix_rate=0.002, rate=1.5e-4,
    )
    result = options.cache / "distil.safetensors"
    if not result.exists():
        z, crops, ids = joint.unseen_batch(options, model.vae, model.condition.encoded, UNSEEN)
        with torch.no_grad(), autocast():
            known = model.condition(ids, crops)[:2]
            nobody = model.condition(ids[:1], crops[:1], torch.zeros(1, dtype=torch.bool, device=z.device))[:2]
        condition, batches = (*known, *nobody), joint.Batches(options)
        first = diffusion.sample(model.net, condition, 0, 20, GUIDANCE)
        mean = lambda: {k.removeprefix(joint.UNET): v for k, v in trainer.mean.items()}
        loss = loss_function(student, model.net, mean, model.condition, lambda r: batches.draw(r)[:3], diffusion.kept())
        trainer.run(loss, evaluator(student, condition, first), EVERY)
        save_file({k: v.half().cpu().contiguous() for k, v in trainer.mean.items()}, result)
    with torch.no_grad():
        for k, v in load_file(result).items():
            params[k].copy_(v)
    return types.SimpleNamespace(**(vars(model) | {"net": student.requires_grad_(False)}))


def scheduler():
    """scheduler_config.json: what LCMScheduler takes of the teacher's."""
    kept = ("beta_start", "beta_end", "beta_schedule", "num_train_timesteps", "prediction_type")
    base = {k: sizes.make_sdxl.SCHEDULER[k] for k in kept if k in sizes.make_sdxl.SCHEDULER}
    return {"_class_name": "LCMScheduler", **base, "original_inference_steps": GRID, "timestep_scaling": TIME_SCALE, "clip_sample": False}


def main():
    parser = command.arguments(__doc__)
    parser.add_argument("out")
    options = command.parsed(parser)
    log = command.logger(options.cache)
    torch.manual_seed(options.seed)
    print(export.summary(export.write(options, train(options, log), options.out)))
    sizes.make_sdxl.checkpoint.save_json(export.pathlib.Path(options.out) / "scheduler" / "scheduler_config.json", scheduler())


if __name__ == "__main__":
    main()
