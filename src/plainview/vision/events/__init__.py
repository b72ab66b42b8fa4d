"""Scene events: what happens before a camera, told without saying who.

`seen` is what a detector is given, `detector` what it says and the seam that all of them share,
`episodes` turns what is sighted frame by frame into events that start and end, `eyes` runs those
that one camera is for.
"""
