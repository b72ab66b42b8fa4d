"""What somebody else's proposed recognition scheme would do. Plainview recognises nobody.

It is arithmetic on numbers that a person typed or that were published: it opens no picture, holds
no list, and has no place into which a recogniser could be put (DESIGN.md section 1).
"""
