"""What `plainview simulate` does: a named scene in, clips with their truth out."""

from pathlib import Path

from plainview.synth.catalogue import scene_named
from plainview.synth.scene import Progress, render_scene


def simulate(
    scene_name: str,
    out_folder: Path,
    seconds: float | None = None,
    seed: int | None = None,
    on_progress: Progress | None = None,
) -> list[Path]:
    """Render the catalogue's scene into `out_folder`; the folders with video.mp4 and truth.csv.

    `seconds` and `seed` default to the scene's own. `on_progress` is told the share done, 0 to 1.
    Raises InputError for an unknown scene, a length that is none or absent recorded walks,
    PlainviewError where the folder cannot be written.
    """
    return render_scene(
        scene_named(scene_name), out_folder, seconds=seconds, seed=seed, on_progress=on_progress
    )
