"""Scenes with known truth: simulated or recorded trajectories, rendered in perspective."""
