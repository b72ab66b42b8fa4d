"""Sealed recordings: written by who cannot read, opened by two, destroyed on time.

See docs/design/0023 for the choices, docs/guide/recording.md for the invariants I1 to I8.
"""
