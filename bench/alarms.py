"""Alarms before a simulated crush, and false ones in ordinary traffic, beside the limits (issue 3).

    python bench/alarms.py [HOURS]

Prints one table: for each default threshold the share of run-ups in which it was raised before the
crush, with its lead, and false alarms per 100 camera-hours with their Poisson interval. Limits:
80 % of run-ups by pressure, fewer than one false alarm per 100 h.
"""

import sys

from plainview.app.alarms import HOURS, Size, alarms

if __name__ == "__main__":
    alarms(size=Size(hours=float(sys.argv[1]) if len(sys.argv) > 1 else HOURS))
