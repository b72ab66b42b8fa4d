"""Numbers for the public debate: proposals weighed, statistics published, cameras placed.

Each part is pure but for the files that it is given. None of them touches an image.
"""
