"""The child of `synth.demo`: renders the plaza's two cameras into growing files, then ends."""

import os
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

from plainview.errors import PlainviewError
from plainview.synth import crowd, plaza
from plainview.synth.catalogue import SCENES
from plainview.synth.demo import FRAME_RATE, mark_complete
from plainview.synth.render import Renderer
from plainview.vision.encoder import Encoder

SEED = 3


def render(folder: Path, *, seconds: float = plaza.PERIOD) -> Generator[float, None, None]:
    """Write `folder`/<camera>.ts for both cameras; yields the share done after each frame."""
    scene = SCENES["plaza-pair"]
    walks = crowd.plaza(SEED)
    frames = round(seconds * FRAME_RATE)
    with ExitStack() as stack:
        pairs = []
        for camera in plaza.CAMERAS:
            encoder = Encoder(
                folder / f"{camera.name}.ts", *camera.size, FRAME_RATE, bitrate=700_000,
                gop=round(FRAME_RATE), flush=True,
            )  # fmt: skip
            stack.enter_context(encoder)
            renderer = Renderer(
                scene.world, camera, walks, scene.light, sensor=scene.sensor, seed=SEED
            )
            pairs.append((renderer, encoder))
        for k in range(frames):
            for renderer, encoder in pairs:
                encoder.write(renderer.frame(k / FRAME_RATE))
            yield (k + 1) / frames


def main() -> int:
    """Render into the folder named by the one argument, saying the share done on each line."""
    folder = Path(sys.argv[1])
    os.nice(5)  # the cameras that are watched come first
    shares = render(folder)
    try:
        for share in shares:
            print(f"{share:.6f}", flush=True)  # noqa: T201 - the parent reads it
        mark_complete(folder)
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
