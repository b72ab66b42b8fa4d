"""Plainview: crowd-safety measurements from public cameras, without knowing who anyone is."""

__version__ = "0.2.0"
