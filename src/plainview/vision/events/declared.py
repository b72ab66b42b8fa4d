"""What an ONNX file says its input is. OpenCV runs it on any other size without a word.

Of the file's protocol buffers (onnx.proto3) only the names and shapes of the graph's inputs are
read: ModelProto.graph 7, GraphProto.initializer 5 and input 11, ValueInfoProto.name 1 and type 2,
TypeProto.tensor_type 1, Tensor.shape 2, TensorShapeProto.dim 1, Dimension.dim_value 1,
TensorProto.name 8.
"""

from collections.abc import Iterator

MOST_FIELDS = 1_000_000
"""Fields that are read of one file; a network has some thousands."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def takes(data: bytes, shape: tuple[int, ...]) -> bool:
    """Whether the ONNX network in `data` has one input, and says nothing against `shape`.

    An axis that the file leaves open, and an input whose shape it does not tell, fit everything.
    Raises ValueError where `data` is no such file.
    """
    file = _File()
    graphs = list(file.parts(memoryview(data), 7))
    if len(graphs) != 1:
        raise ValueError("not one graph")
    graph = graphs[0]
    # Files of before 2019 list the weights among the inputs.
    held = {bytes(name) for one in file.parts(graph, 5) for name in file.parts(one, 8)}
    inputs = [
        one for one in file.parts(graph, 11) if not held & {bytes(n) for n in file.parts(one, 1)}
    ]
    if len(inputs) != 1:
        return False
    tensors = [tensor for kind in file.parts(inputs[0], 2) for tensor in file.parts(kind, 1)]
    shapes = [told for tensor in tensors for told in file.parts(tensor, 2)]
    if not shapes:
        return True
    axes = list(file.parts(shapes[0], 1))
    return len(axes) == len(shape) and all(
        value == length
        for axis, length in zip(axes, shape, strict=True)
        for value in file.numbers(axis, 1)
    )


class _File:
    """Reads a file's messages, so many fields of them at most."""

    def __init__(self) -> None:
        self._left = MOST_FIELDS

    def parts(self, message: memoryview, number: int) -> Iterator[memoryview]:
        """The messages, or texts, that `message` has under `number`."""
        for field, value in self._fields(message):
            if field == number and isinstance(value, memoryview):
                yield value

    def numbers(self, message: memoryview, number: int) -> Iterator[int]:
        """The whole numbers that `message` has under `number`."""
        for field, value in self._fields(message):
            if field == number and isinstance(value, int):
                yield value

    def _fields(self, message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """Each field of `message`: its number, and what it holds."""
        at = 0
        while at < len(message):
            self._left -= 1
            if self._left < 0:
                raise ValueError("more fields than any network has")
            key, at = _varint(message, at)
            kind = key & 7
            if kind == _VARINT:
                value, at = _varint(message, at)
                yield key >> 3, value
                continue
            if kind == _BYTES:
                length, at = _varint(message, at)
            elif kind in (_FIXED64, _FIXED32):
                length = 8 if kind == _FIXED64 else 4
            else:
                raise ValueError(f"wire type {kind}")
            if at + length > len(message):
                raise ValueError("a field is cut off")
            if kind == _BYTES:
                yield key >> 3, message[at : at + length]
            at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and where what follows begins."""
    value = 0
    for k in range(min(10, len(message) - at)):
        byte = message[at + k]
        value |= (byte & 0x7F) << 7 * k
        if not byte & 0x80:
            return value, at + k + 1
    raise ValueError("a number without an end")
