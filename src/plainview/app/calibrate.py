"""`plainview calibrate`: a picture of the video to mark on a local page, or marks from a file."""

import os
from collections.abc import Callable
from pathlib import Path

from plainview.app.called import called
from plainview.app.camera import zone_warnings
from plainview.calibrate import from_points, run_page
from plainview.errors import InputError
from plainview.fleet.still import still


def calibrate(  # noqa: PLR0913 - one for each option
    video: Path | None,
    *,
    out: Path,
    points: Path | None = None,
    at: float = 0.0,
    port: int = 0,
    open_page: bool = True,
    camera_id: str | None = None,
    overwrite: bool = False,
    say: Callable[[str], object],
) -> None:
    """Write CAMERA.toml to `out` from marks on a page, or those in the file `points`.

    Raises InputError or CalibrationError; then nothing was written.
    """
    if out.exists() and not overwrite:
        raise InputError(
            "this file is there already", where=str(out), mend="Name another, or add --overwrite"
        )
    if not out.parent.is_dir():
        # Said before a person has marked anything, not when they save it.
        raise InputError(
            "its folder is not there", where=str(out), mend="Make the folder, or name another file"
        )
    if not os.access(out.parent, os.W_OK | os.X_OK):
        raise InputError(
            "its folder cannot be written", where=str(out), mend="Name a file in another folder"
        )
    picture = None if video is None else still(video, at=at)
    if points is not None:
        from_points(
            points,
            out=out,
            image_size=None if picture is None else picture.size,
            camera_id=camera_id,
            overwrite=overwrite,
            say=say,
        )
        return
    if picture is None or video is None:
        raise InputError(
            "there is nothing to mark",
            where="command line",
            mend="Give a video, or a file of marks with --points",
        )
    solution = run_page(
        video,
        out,
        frame_png=picture.png,
        image_size=picture.size,
        port=port,
        open_browser=open_page,
        program=called(),
        judge=zone_warnings,
        say=say,
    )
    if solution is None:
        say("nothing was saved")
