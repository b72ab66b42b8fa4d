"""The child of `synth.demo`: renders the plaza's two cameras into growing files, then ends."""

import fcntl
import os
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from plainview.errors import PlainviewError
from plainview.synth import crowd, plaza
from plainview.synth.camera import Camera
from plainview.synth.catalogue import SCENES
from plainview.synth.demo import FRAME_RATE, LEAD, mark, scene_of, written
from plainview.synth.empty_scene import empty_plate
from plainview.synth.render import Renderer
from plainview.vision.encoder import Encoder

SEED = 3
GOP = 8
"""Frames from one key frame to the next."""
CHAPTER = 8 * GOP
"""Frames after which what was written is noted; an interrupted rendering goes on from there."""


def render(folder: Path, *, seconds: float = plaza.PERIOD) -> Generator[float, None, None]:
    """Write `folder`/<camera>.ts for both cameras; yields the share done after each frame.

    Goes on where the files there end, if they are of this very code. They are locked while they
    grow, so that whoever plays them waits at their end.
    """
    frames = round(seconds * FRAME_RATE)
    there = written(folder)
    begin = round(there.share * frames)
    with ExitStack() as stack:
        pairs = []
        names = [f"{camera.name}.ts" for camera in plaza.CAMERAS]
        files = [
            stack.enter_context(_growing(folder / name, there.sizes.get(name, 0))) for name in names
        ]
        if begin:
            yield begin / frames
        pool = stack.enter_context(ThreadPoolExecutor(len(plaza.CAMERAS)))
        scene = SCENES["plaza-pair"]
        # What is to be seen here is the crowd; how clouds are borne is evaluated elsewhere.
        light = replace(scene.light, clouds=0.0)
        walks = crowd.plaza(SEED)

        def renderer(camera: Camera) -> Renderer:
            return Renderer(
                scene.world, camera, walks, light, sensor=scene.sensor, seed=SEED + begin
            )

        renderers = list(pool.map(renderer, plaza.CAMERAS))
        for camera, made in zip(plaza.CAMERAS, renderers, strict=True):
            if not begin:
                scene_of(folder, camera.name).write_bytes(empty_plate(made))
        for camera, made, file in zip(plaza.CAMERAS, renderers, files, strict=True):
            encoder = Encoder(
                file, *camera.size, FRAME_RATE, bitrate=700_000, gop=GOP, container="mpegts",
                flush=True,
            )  # fmt: skip
            stack.callback(encoder.close)
            pairs.append((made, encoder))

        def draw(k: int, renderer: Renderer, encoder: Encoder) -> None:
            encoder.write(renderer.frame(k / FRAME_RATE), t=k / FRAME_RATE)

        for k in range(begin, frames):
            if k > begin and (k - begin) % CHAPTER == 0:
                mark(folder, k / frames)  # the next frame is a key frame
            list(pool.map(partial(draw, k), *zip(*pairs, strict=True)))
            yield (k + 1) / frames
    mark(folder, 1.0)


@contextmanager
def _growing(path: Path, size: int) -> Iterator[IO[bytes]]:
    """The file, locked and cut to `size` bytes, to be written on from there."""
    with path.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(size)
        yield file


def main() -> int:
    """Render into the folder named by the one argument, saying the share done on each line."""
    folder = Path(sys.argv[1])
    shares = render(folder)
    waited_for = True
    try:
        for share in shares:
            print(f"{share:.6f}", flush=True)  # noqa: T201 - the parent reads it
            if waited_for and share * plaza.PERIOD >= LEAD:
                waited_for = False
                os.nice(5)  # from now on the cameras that are watched come first
    except BrokenPipeError:
        # The parent is gone. Point stdout away, so that the interpreter's last flush cannot fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, PlainviewError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent shows it
        return 1
    finally:
        shares.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
