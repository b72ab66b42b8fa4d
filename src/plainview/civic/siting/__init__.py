"""Where cameras belong: where they cover measured crowd risk at the least exposure and cost.

What is covered was measured by Plainview itself or is a hazard that somebody names: never a guess
about people or neighbourhoods (`refused`).
"""
