"""How much of a walk, a district or a way to school is seen by registered cameras, and a way round.

From the public register alone. Nobody's walk is kept: everything here is a pure function of the
register, of a file of footpaths, and of the places that were asked about.
"""
