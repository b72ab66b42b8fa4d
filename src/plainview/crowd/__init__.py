"""The physics of a crowd: pure functions over fields, each with its formula, unit and source."""
