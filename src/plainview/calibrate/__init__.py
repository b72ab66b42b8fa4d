"""From marks on a picture to a camera's projection: marked on a local page or in a file."""

from collections.abc import Callable
from pathlib import Path

from plainview.calibrate.desk import run_page
from plainview.calibrate.marks import EXAMPLE, Marks, read
from plainview.calibrate.output import camera_name, camera_toml, visible_area, write
from plainview.calibrate.solve import Residual, Solution, solve
from plainview.geometry import View

__all__ = [
    "EXAMPLE",
    "Marks",
    "Residual",
    "Solution",
    "from_points",
    "report",
    "run_page",
    "solve",
]


def report(solution: Solution) -> str:
    """The residuals and the camera in lines for a person."""
    rows = [
        f"{r.mark:<24} {r.kind:<9} {r.cm:8.1f} cm{'  left out' if r.left_out else ''}"
        for r in solution.residuals
    ]
    rows += [
        f"RMS error {solution.rms_cm:.1f} cm",
        f"lengths are good to about {max(solution.scale_percent, 0.1):.1f} %",
        f"camera {solution.height:.1f} m above ground, looking {solution.tilt:.1f} degrees down",
        f"rolled {solution.roll:z.1f} degrees, focal length {solution.focal:.0f} px",
    ]
    return "\n".join((*rows, *(f"Note: {note}." for note in solution.notes)))


def from_points(
    points_file: Path,
    *,
    out: Path,
    image_size: tuple[int, int] | None = None,
    camera_id: str | None = None,
    source: str | None = None,
    overwrite: bool = False,
    say: Callable[[str], object] = print,
) -> Solution:
    """Solve the marks in a TOML or CSV file, write CAMERA.toml, and say how well they agree.

    The file written holds the calibration and, as its area, the visible ground near enough to
    measure. `image_size` is used where the points file gives none. Nothing is written on an error.
    Raises InputError or CalibrationError.
    """
    marks, named = read(points_file, image_size=image_size)
    solution = solve(marks)
    view = View(calibration=solution.calibration, polygon=visible_area(solution.calibration))
    text = camera_toml(
        camera_id or named or camera_name(out),
        view,
        source=source,
        note=f"Made by 'plainview calibrate': RMS error {solution.rms_cm:.1f} cm, lengths to "
        f"{max(solution.scale_percent, 0.1):.1f} %.\nNo lens distortion is modelled.",
    )
    write(out, text, overwrite=overwrite)
    say(report(solution))
    return solution
