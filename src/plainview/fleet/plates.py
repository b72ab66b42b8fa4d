"""Looking at a saved plate, for the person who approves it. Only commands that a person gives.

The lens checks every plate it is given once more; nothing here runs while cameras do.
"""


def check_plate(data: bytes) -> None:
    """Raise InputError unless `data` is a plate."""
    from plainview.vision.plate import read_plate  # noqa: PLC0415 - loads OpenCV

    read_plate(data)


def plate_png(data: bytes) -> bytes:
    """A PNG of the plate in `data`. Raises InputError if it is none."""
    from plainview.vision.plate import plate_png as drawn  # noqa: PLC0415 - loads OpenCV

    return drawn(data)
