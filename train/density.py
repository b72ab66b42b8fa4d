# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.11", "onnx>=1.19", "numpy>=2.2", "opencv-python-headless>=4.12",
#   "scipy>=1.16", "shapely>=2.1", "msgspec>=0.20", "av>=16"]
# ///
"""Makes the weights of the dense estimator: renders random crowds, trains, writes ONNX.

    python train/density.py --out density.onnx
    python train/density.py --from density.onnx --out better.onnx --cache samples --steps 3000
    python train/density.py --from density.onnx --out better.onnx --seconds 540
    python train/density.py --from density.onnx --mean other.onnx --out both.onnx --steps 0

Seeded; with PYTHONPATH=src. The second line goes on from weights that are there, and keeps what it
rendered; `--steps 0` renders and measures only. It trains while it renders, on the scenes that are
there, in the order of their seeds. Steps and scenes bound it, so that it can be done again but for
which scenes were there at which step; the third line is bound by time, and prints how many of both
it did: see docs/reference/density-model.md. The last one starts from the mean of two weights of
which one goes on from the other, and trains no further. Some scenes are painted, not rendered
(painted.py): how far it errs is printed for both.
"""

import argparse
import math
import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from network import Density, read, written
from plates import KINDS
from scenes import SIDE
from stock import STRIDE, Stock, seeds

HELD_OUT = 1_000_000
"""The first seed of the scenes that are measured on, not trained on."""
BANDS = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 9.5)
"""people/m²."""
CELL = 0.32
PLATES = (0.28, 0.5, 0.64)
"""Up to which number in 0 to 1 a sample is given each kind of plate; beyond them, it has none."""
LONG = 3600.0
"""Seconds within which any scene is rendered."""
FIRST = 60
"""Scenes that are there before the first step."""


def cut(planes: Tensor, side: int, noise: torch.Generator) -> tuple[slice, slice]:
    """Rows and columns of a random square of `side` pixels that lies on whole cells."""
    spare = [(n - side) // STRIDE + 1 for n in planes.shape[-2:]]
    starts = [int(torch.randint(n, (1,), device=planes.device, generator=noise)) for n in spare]
    rows, columns = (slice(STRIDE * k, STRIDE * k + side) for k in starts)
    return rows, columns


def batch(
    planes: Tensor, people: Tensor, pick: Tensor, side: int, noise: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Samples `pick` as the network is given them, at random mirrored, without plate, spoilt.

    A square of `side` pixels of each, the same one: a step costs less, and its edges vary.
    """
    rows, columns = cut(planes, side, noise)
    x = planes[pick, :, rows, columns].float() / 32
    cells = (slice(s.start // STRIDE, s.stop // STRIDE) for s in (rows, columns))
    y = people[pick][:, None, *cells]
    n = len(pick)

    def drawn() -> Tensor:
        return torch.rand(n, device=x.device, generator=noise)

    kind = drawn()
    for k in range(1, KINDS):
        other = (kind >= PLATES[k - 1]) & (kind < PLATES[k])
        x[other, 1] = x[other, 6 + k]
    x[kind >= PLATES[-1], 1:3] = 0
    x = x[:, :7]
    # Contrast and sensor noise beyond the renderer's, and calibrations that are a little off.
    x[:, 0] *= (0.7 + 0.6 * drawn())[:, None, None]
    x[:, 0] += (0.25 * drawn() ** 2)[:, None, None] * torch.randn(
        x[:, 0].shape, device=x.device, generator=noise
    ) * x[:, 6]  # fmt: skip
    x[:, 1] = (x[:, 1] * (0.6 + 0.8 * drawn())[:, None, None]).clamp(0, 4)
    x[:, 3] *= (0.93 + 0.14 * drawn())[:, None, None]
    mirrored = drawn() < 0.5
    x[mirrored] = x[mirrored].flip(-1)
    x[mirrored, 4] *= -1
    y[mirrored] = y[mirrored].flip(-1)
    # Negatives: light and dark turned about, so that no shade is what a person is.
    turned = drawn() < 0.15
    x[turned, 0] *= -1
    seen = functional.avg_pool2d(x[:, 6:7], 4) > 0.5
    return x, torch.cat((y * seen, seen.float()), 1)


def loss(found: Tensor, truth: Tensor) -> Tensor:
    """Squared errors of sums over 0.3 to 5 m, each over about its variance, and of the total."""
    people, seen = truth[:, :1], truth[:, 1:]
    found = found * seen
    total = found.new_zeros(())
    for k, weight in ((1, 0.4), (2, 0.7), (4, 1.0), (8, 1.0), (16, 1.0)):
        p, t = (functional.avg_pool2d(one, k, ceil_mode=True) * k * k for one in (found, people))
        s = functional.avg_pool2d(seen, k, ceil_mode=True)
        # What is found says how far it may be off, as well as the truth does: with the truth alone
        # what is uncertain would be found too small, since small numbers would count for more.
        sure = 0.5 * (t + p.detach().clamp(0, 12 * (CELL * k) ** 2))
        spread = sure + 0.03 * sure * sure + 0.12 * k**0.5
        total = total + weight * ((p - t) ** 2 / spread * s).sum() / (s.sum() + 1)
    p, t = found.sum((1, 2, 3)), people.sum((1, 2, 3))
    sure = 0.5 * (t + p.detach())
    error = (p - t) ** 2 / (0.5 + 0.3 * sure + 0.01 * sure * sure)
    # The small constant keeps the root's slope finite where there is nothing to see.
    root = (error + 1e-3).sqrt()
    return total + 0.15 * functional.smooth_l1_loss(root, torch.zeros_like(p), beta=1.0)


def table(model: Density, planes: Tensor, people: Tensor, mode: int | None) -> None:
    """Print errors by density over squares of 2.6 m; `mode`: no plate, or its kind."""
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    with torch.no_grad():
        for part in torch.arange(len(planes), device=planes.device).split(256):
            x = planes[part].float() / 32
            if mode is None:
                x[:, 1:3] = 0
            elif mode:
                x[:, 1] = x[:, 6 + mode]
            x = x[:, :7]
            seen = (functional.avg_pool2d(x[:, 6:7], 4) > 0.5).float()
            found = model(x) * seen
            y = people[part][:, None] * seen
            whole = functional.avg_pool2d(seen, 8) > 0.99
            area = (8 * CELL) ** 2
            p = functional.avg_pool2d(found, 8)[whole] * 64 / area
            t = functional.avg_pool2d(y, 8)[whole] * 64 / area
            rows.append((p.cpu().numpy(), t.cpu().numpy()))
    p, t = (np.concatenate([row[k] for row in rows]) for k in (0, 1))
    for low, high in pairwise(BANDS):
        on = (t >= low) & (t < high)
        if on.any():
            error = p[on] - t[on]
            print(
                f"  {low:3.1f}-{high:3.1f}/m2 n={on.sum():6d} mean {t[on].mean():5.2f} "
                f"bias {error.mean():+6.3f} mae {np.abs(error).mean():6.3f} "
                f"relative {np.abs(error).mean() / max(t[on].mean(), 1e-6):6.1%}",
                flush=True,
            )


def tables(model: Density, held: Stock, name: str) -> None:
    """Print errors on the samples that were `held` out, with each kind of plate and without."""
    for mode in (*range(KINDS), None):
        print(f"{name}, plate {mode}: density over 2.6 m squares, held-out random scenes")
        table(model, held.planes[: held.samples], held.people[: held.samples], mode)


def begun(given: argparse.Namespace) -> Density:
    """The network that training starts from: new, as it was written, or the mean of two."""
    model = Density()
    if given.start:
        weights = read(given.start)
        if given.mean:
            # Weights that went on from others keep what those knew in the mean of both (Wortsman
            # et al., Robust fine-tuning of zero-shot models, CVPR 2022).
            other = read(given.mean)
            weights = {name: (one + other[name]) / 2 for name, one in weights.items()}
        model.load_state_dict(weights)
    return model


def main() -> None:
    """Render, train, measure on held-out scenes, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, help="weights (.onnx) to go on from")
    parser.add_argument("--mean", type=Path, help="other weights, to start from the mean of both")
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--skip", type=int, default=0, help="the first seed that is trained on")
    parser.add_argument("--painted", type=float, default=0.4, help="part of the scenes")
    parser.add_argument(
        "--held-out", type=int, default=30, help="scenes of each kind to measure on"
    )
    parser.add_argument("--cache", type=Path, help="folder in which samples stay")
    parser.add_argument("--steps", type=int, default=12_000, help="0: measure only")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of a square of a step")
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--average", type=float, default=0.998, help="of weights, by step")
    parser.add_argument("--keep", type=int, help="steps after which weights are written as well")
    parser.add_argument("--seconds", type=float, help="after which it ends, from its start")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="that render")
    parser.add_argument("--threads", type=int, help="that train")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    if given.cache:
        given.cache.mkdir(parents=True, exist_ok=True)
    first = given.skip
    held = [
        Stock(seeds(HELD_OUT, given.held_out, part), given.workers, given.cache) for part in (0, 1)
    ]
    stock = Stock(seeds(first, given.scenes, given.painted), given.workers, given.cache)
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(given.seed)
    torch.set_float32_matmul_precision("high")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = begun(given)
    model = model.to(device)
    print(sum(p.numel() for p in model.parameters()), "parameters")
    for one in held:
        while one.take(device, seconds=LONG):
            pass
        print(f"{one.samples} samples held out, {time.monotonic() - began:.0f} s", flush=True)
    if given.steps:
        trained(model, stock, given, began)
    if given.steps or given.mean:
        written(model, given.out)
    model.eval()
    for one, name in zip(held, ("rendered", "painted"), strict=True):
        tables(model, one, name)
        one.end()
    stock.end()


def trained(model: Density, stock: Stock, given: argparse.Namespace, began: float) -> None:
    """Train `model` in place, from `began` on; the last weights are averaged."""
    device = str(next(model.parameters()).device)
    while stock.scenes < min(FIRST, given.scenes) or not stock.samples:
        stock.take(device, seconds=LONG)
    noise = torch.Generator(device=device)
    noise.manual_seed(given.seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=given.rate, weight_decay=1e-4)
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(given.average)
    )
    started, running, step = time.monotonic(), 0.0, 0
    while (done := progress(step, given, began, started)) < 1:
        stock.take(device, seconds=0)
        value = advanced(model, optimiser, stock, given, noise, step, done)
        step += 1
        if value is None:
            continue
        mean.update_parameters(model)
        if step % 100 == 1:
            running += (0.1 if step > 1 else 1.0) * (float(value) - running)
        if step % 1000 == 1:
            print(
                f"step {step} loss {running:.3f} {stock.scenes} scenes {stock.samples} samples "
                f"{time.monotonic() - began:.0f} s", flush=True,
            )  # fmt: skip
        if given.keep and step % given.keep == 0:
            written(mean.module, given.out.with_stem(f"{given.out.stem}-{step}"))
    print(f"done: {step} steps, {stock.scenes} scenes, {stock.samples} samples", flush=True)
    model.load_state_dict(mean.module.state_dict())


def progress(step: int, given: argparse.Namespace, began: float, started: float) -> float:
    """0 to 1: the part of the steps that is done, or of the time that training has."""
    part = step / given.steps
    if given.seconds:
        now = time.monotonic()
        part = max(part, (now - started) / max(given.seconds - (started - began), 1.0))
    return part


def advanced(
    model: Density, optimiser: torch.optim.Optimizer, stock: Stock, given: argparse.Namespace,
    noise: torch.Generator, step: int, done: float,
) -> Tensor | None:  # fmt: skip
    """Take one step: its loss, or None where there was no slope to follow."""
    for group in optimiser.param_groups:
        slower = 0.01 + 0.495 * (1 + math.cos(math.pi * done))
        group["lr"] = given.rate * min(step / 200 + 0.1, 1) * slower
    device = stock.planes.device
    pick = torch.randint(stock.samples, (given.batch,), device=device, generator=noise)
    x, truth = batch(stock.planes, stock.people, pick, given.side, noise)
    value = loss(model(x), truth)
    optimiser.zero_grad()
    value.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if not bool(torch.isfinite(norm)):
        print(f"step {step}: the gradient is not finite; left out", flush=True)
        return None
    optimiser.step()
    return value.detach()


if __name__ == "__main__":
    main()
