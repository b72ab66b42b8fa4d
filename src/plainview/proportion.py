"""The exact interval of a share that was counted: one copy, for every part that counts."""

from scipy.special import betaincinv


def share_interval(hits: int, trials: int, level: float) -> tuple[float, float]:
    """The exact interval at `level` on a probability when `hits` of `trials` came: beta quantiles.

    Clopper & Pearson, Biometrika 26 (1934). From 0 where none came, to 1 where all did.
    """
    tail = (1 - level) / 2
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1 - tail)) if hits < trials else 1.0
    return low, high
