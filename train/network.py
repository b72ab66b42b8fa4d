"""The network that density.py trains, as ONNX files keep it."""

import copy
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from scenes import SIDE

WIDTH = 48


class Block(nn.Module):
    """A dilated convolution that adds to what it is given."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return x + functional.relu(self.convolution(x))


class Density(nn.Module):
    """(n, 7, h, w) channels -> (n, 1, h / 4, w / 4) people per cell."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(7, 24, 5, stride=2, padding=2), nn.ReLU(),
            nn.Conv2d(24, WIDTH, 3, stride=2, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.body = nn.Sequential(*(Block(WIDTH, d) for d in (1, 2, 4, 1, 2, 4, 1)))
        self.head = nn.Conv2d(WIDTH, 1, 1)
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(self.body(self.stem(x)))
        # Softplus in operations that every ONNX runtime knows and that do not overflow.
        return 0.2 * (functional.relu(y) + torch.log(1 + torch.exp(-torch.abs(y))))


def read(weights: Path) -> dict[str, Tensor]:
    """The tensors of an ONNX file that `written` wrote, by the model's names."""
    graph = onnx.load(weights).graph
    return {one.name: torch.tensor(numpy_helper.to_array(one)) for one in graph.initializer}


def written(model: Density, out: Path) -> None:
    """Write a copy of `model` as ONNX of any picture size."""
    torch.onnx.export(
        copy.deepcopy(model).cpu(), (torch.zeros(1, 7, SIDE, SIDE),), str(out), dynamo=False,
        input_names=["channels"], output_names=["people"], opset_version=13,
        dynamic_axes={"channels": {2: "h", 3: "w"}, "people": {2: "h4", 3: "w4"}},
    )  # fmt: skip
