"""A city of cameras that say what ours measured: names, sites, each one's Reading by the second.

Everything is a pure function of a seed and of time, so that what a store holds afterwards can be
held against what was said.
"""
