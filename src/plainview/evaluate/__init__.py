"""Readings against truth: pure functions over measured intervals and known trajectories."""
