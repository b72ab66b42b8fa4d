"""What a release claims of the counting itself, as bench/detections_per_person.py measured it."""

from typing import Final

DETECTIONS: Final = 1.5
"""d: detections that one person is in one view, on average over their time in it: the 95th
percentile over single stays in rendered scenes, rounded up."""
DETECTIONS_MOST: Final = 1.6
"""The most that was measured of anybody there, rounded up."""
LEAST_SHARE: Final = 0.5
"""Part of an hour that must have been measured: less says little of the hour."""
MOST_READINGS: Final = 1.005
"""Readings in an hour, in what the interval allows: with more, it changed within the hour."""
DENSEST: Final = 8.0
"""People per square metre beyond which a zone's mean is cut off: no crowd is denser for an hour."""
