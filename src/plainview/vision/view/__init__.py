"""The redacted view: an approved plate in the present light, with what was measured drawn over it.

Two modules see frames: `learn`, whose plates wait for a person's approval, and `relight`, which
gives six quantised numbers. `draw`, which makes the picture, is given no frame.
"""
