"""From thresholds to alerts: what must be looked at, since when, why, and who did what about it."""
