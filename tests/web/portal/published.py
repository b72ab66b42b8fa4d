"""Published days as the portal finds them: a hostile name, and hours without figures."""

from pathlib import Path

import msgspec
import numpy as np

from plainview.civic.statistics.occupancy import Bounds, Counted, Noisy, Scales, estimate
from plainview.civic.statistics.release import (
    FORMAT,
    CrossingGuarantee,
    LeftOut,
    Line,
    Named,
    Release,
    areas,
    guarantee,
)
from plainview.civic.statistics.tables import FILES

HOUR = 3_600_000
HOSTILE = "=<script>alert(1)</script>"
DAYS = ("2026-11-22", "2026-11-23")


def release(day: str, zones: int = 14) -> Release:
    """A day of `zones` cameras in two districts, one of them with a hostile name."""
    chance = np.random.default_rng(3)
    share = np.ones((zones, 24))
    share[0, :3] = 0.0
    district = np.arange(zones, dtype=np.int64) % 2
    time = np.zeros((zones, 24), dtype=np.int64)
    counted = Counted(time, share, district, 2)
    unit = 57_600_000

    def drawn(
        shape: tuple[int, ...], mean: float
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.asarray(chance.normal(mean, 5.0, shape) * unit, dtype=np.int64)

    noisy = Noisy(drawn((zones, 24), 3.0), drawn((2, 24), 21.0), drawn((24,), 42.0), 0.6)
    crossed = (None, *(7.0,) * 23)
    bounds, scale = Bounds(24, 1, 1.0), Scales(4.5, 20.0, 20.0)
    names = [Named(f"camera-{k}", "quay", HOSTILE if k % 2 else "Harbour") for k in range(zones)]
    return Release(
        format=FORMAT, city="Sampleton", simulated=False, day=day, timezone="Asia/Hong_Kong",
        hours=tuple(1_795_276_800_000 + k * HOUR for k in range(24)), software="0.2.0", ledger="l",
        guarantee=guarantee(
            bounds, epsilon=6.0, delta=1e-6, rho=0.6, margin=1.0, most=(1.0, 6.0),
            deviation=msgspec.structs.asdict(scale),
        ),
        crossing_guarantee=CrossingGuarantee("one crossing", 1.0, "Laplace", 1.0, 1.0),
        areas=areas(estimate(noisy, counted, scale), names, ["Harbour", HOSTILE], "Sampleton"),
        lines=tuple(
            Line("camera-0", HOSTILE, way, (1.0,) * 24, crossed, crossed, (None, *(2.3,) * 23))
            for way in ("forward", "backward")
        ),
        left_out=(LeftOut("camera-99", "not granted"),),
    )  # fmt: skip


def put(folder: Path) -> None:
    """DAYS in the portal's `folder`, as `plainview publish` leaves them; Parquet only in name."""
    for day in DAYS:
        (folder / day).mkdir(parents=True)
        made = release(day)
        for name, write in FILES.items():
            (folder / day / name).write_bytes(write(made) if "parquet" not in name else b"PAR1")
        (folder / day / "entry.json").write_bytes(b'{"index":7,"document":"%s"}' % (b"a" * 64))
    (folder / f".{DAYS[0]}.part").mkdir()
