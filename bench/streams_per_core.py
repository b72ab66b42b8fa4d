"""How many streams one core carries: bare decode, a common detector's forward pass, and ours.

The detector is of a common one-stage architecture (backbone of strided convolutions and cross-stage
blocks, spatial pyramid pooling, a path up and a path down, three heads), with random weights: its
cost does not depend on them.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from clips import HEAD_SECONDS, BenchClip, clip
from measure_cost import bare, cost, ours
from plainview.evaluate.table import number, table, write_between

SIDE = 640
"""Pixels: the detector's input is SIDE x SIDE."""
ANALYSED = 5.0
"""Frames per second that are looked at."""


class Network:
    """An ONNX graph under construction; owns its nodes and weights, counts its work."""

    def __init__(self, seed: int = 0) -> None:
        """Start with no node."""
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.parameters = 0
        self.operations = 0
        self._sides: dict[str, int] = {"image": SIDE}
        self._random = np.random.default_rng(seed)

    def add(self, kind: str, inputs: list[str], side: int, **attributes: Any) -> str:  # noqa: ANN401 - ONNX attributes
        """Add a node whose picture is `side` pixels wide; the name of its output."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self._sides[name] = side
        return name

    def weight(self, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> str:
        """Keep `values`; their name."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        self.parameters += values.size
        return name

    def plain(self, x: str, wide: int, out: int, size: int = 1, stride: int = 1) -> str:
        """A convolution with bias."""
        scale = (2.0 / (wide * size * size)) ** 0.5
        kernel = self._random.normal(0, scale, (out, wide, size, size)).astype(np.float32)
        side = self._sides[x] // stride
        self.operations += 2 * kernel.size * side * side
        inputs = [x, self.weight(kernel), self.weight(np.zeros(out, np.float32))]
        pads = [size // 2] * 4
        return self.add("Conv", inputs, side, strides=[stride, stride], pads=pads)

    def conv(self, x: str, wide: int, out: int, size: int = 3, stride: int = 1) -> str:
        """A convolution and x * sigmoid(x)."""
        y = self.plain(x, wide, out, size, stride)
        gate = self.add("Sigmoid", [y], self._sides[y])
        return self.add("Mul", [y, gate], self._sides[y])

    def join(self, *parts: str) -> str:
        """Channels of `parts` after one another."""
        return self.add("Concat", list(parts), self._sides[parts[0]], axis=1)

    def block(self, x: str, wide: int, out: int, depth: int, *, add: bool = True) -> str:
        """A cross-stage block: half of the channels goes through `depth` bottlenecks."""
        half = out // 2
        y = self.conv(x, wide, out, 1)
        parts = [self.part(y, 0, half), self.part(y, half, out)]
        for _ in range(depth):
            z = self.conv(self.conv(parts[-1], half, half), half, half)
            parts.append(self.add("Add", [parts[-1], z], self._sides[z]) if add else z)
        return self.conv(self.join(*parts), half * (2 + depth), out, 1)

    def part(self, x: str, first: int, past: int) -> str:
        """Channels `first` to `past` of `x`."""
        bounds = []
        for value in (first, past, 1):
            bounds.append(f"w{len(self.weights)}")
            self.weights.append(numpy_helper.from_array(np.array([value]), bounds[-1]))
        return self.add("Slice", [x, *bounds], self._sides[x])

    def pool(self, x: str, wide: int) -> str:
        """Spatial pyramid pooling, three times 5 x 5."""
        parts = [self.conv(x, wide, wide // 2, 1)]
        for _ in range(3):
            shape = {"kernel_shape": [5, 5], "pads": [2] * 4, "strides": [1, 1]}
            parts.append(self.add("MaxPool", [parts[-1]], self._sides[x], **shape))
        return self.conv(self.join(*parts), wide * 2, wide, 1)

    def up(self, x: str) -> str:
        """Twice the size, nearest."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), name))
        return self.add("Resize", [x, "", name], self._sides[x] * 2, mode="nearest")


def detector() -> tuple[bytes, int, float]:
    """The network as ONNX bytes, its parameters, and its operations for one picture."""
    n = Network()
    x = n.conv(n.conv("image", 3, 16, 3, 2), 16, 32, 3, 2)
    x = n.conv(n.block(x, 32, 32, 1), 32, 64, 3, 2)
    eighth = n.block(x, 64, 64, 2)
    sixteenth = n.block(n.conv(eighth, 64, 128, 3, 2), 128, 128, 2)
    deep = n.pool(n.block(n.conv(sixteenth, 128, 256, 3, 2), 256, 256, 1), 256)
    middle = n.block(n.join(n.up(deep), sixteenth), 384, 128, 1, add=False)
    fine = n.block(n.join(n.up(middle), eighth), 192, 64, 1, add=False)
    coarse = n.block(n.join(n.conv(fine, 64, 64, 3, 2), middle), 192, 128, 1, add=False)
    last = n.block(n.join(n.conv(coarse, 128, 128, 3, 2), deep), 384, 256, 1, add=False)
    outputs = []
    for y, wide, stride in ((fine, 64, 8), (coarse, 128, 16), (last, 256, 32)):
        for kept in (64, 80):
            name = n.plain(n.conv(n.conv(y, wide, kept), kept, kept), kept, kept)
            shape = [1, kept, SIDE // stride, SIDE // stride]
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    graph = helper.make_graph(
        n.nodes,
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        outputs,
        n.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString(), n.parameters, float(n.operations)


def forward_seconds(model: bytes, passes: int) -> float:
    """Median CPU seconds of one forward pass on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, 3, SIDE, SIDE), dtype=np.float32)
    took = []
    for _ in range(passes + 2):
        begun = time.process_time()
        session.run(None, {"image": picture})
        took.append(time.process_time() - begun)
    return statistics.median(took[2:])


def steady(measured: BenchClip, repeats: int) -> tuple[float, float, float]:
    """CPU seconds per second of video, start-up left out: bare decode, ours, ours sparing."""
    costs: list[tuple[float, float, float]] = []
    commands: list[Callable[[Path], list[str]]] = [
        bare,
        lambda video: ours(video, measured.camera),
        lambda video: ours(video, measured.reference_camera),
    ]
    seconds = measured.seconds - HEAD_SECONDS
    for k in range(repeats):
        sys.stderr.write(f"{measured.name}: run {k + 1} of {repeats}\n")
        whole = [cost(command(measured.video)).cpu for command in commands]
        head = [cost(command(measured.head)).cpu for command in commands]
        a, b, c = ((w - h) / seconds for w, h in zip(whole, head, strict=True))
        costs.append((a, b, c))
    a, b, c = (statistics.median(column) for column in zip(*costs, strict=True))
    return a, b, c


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--write", type=Path, help="page with 'streams' markers for the table")
    chosen = parser.parse_args()
    model, parameters, operations = detector()
    forward = forward_seconds(model, chosen.passes) * ANALYSED
    rows: list[tuple[str, ...]] = []
    for height in (1080, 360):
        one = clip(height)
        decode, whole, sparing = steady(one, chosen.repeats)
        entries = (
            ("bare decode, every frame", decode),
            ("detector, forward passes alone", forward),
            ("detector with its decode", forward + decode),
            ("Plainview", whole),
            ("Plainview, reference frames", sparing),
        )
        for name, cpu in entries:
            rows.append(
                (name, one.name, number(1000 * cpu, 1), number(1 / cpu, 1), f"{cpu / decode:.2f}")
            )
    head = ("what", "clip", "CPU ms per second of video", "streams per core", "beside bare decode")
    text = (
        "One core, start-up left out, single-threaded. The detector: "
        f"{parameters / 1e6:.1f} M parameters, {operations / 1e9:.1f} GFLOP per {SIDE}x{SIDE} "
        f"picture, ONNX Runtime,\n{ANALYSED:g} pictures a second; without scaling the picture or "
        "sorting out its boxes, and without any tracking.\n\n" + table(head, rows, words=2)
    )
    print(text)
    if chosen.write:
        write_between(chosen.write, "streams", text)


if __name__ == "__main__":
    main()
