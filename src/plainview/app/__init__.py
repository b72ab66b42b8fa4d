"""The only place that joins the parts: one module for each job of the command line.

Nothing is imported here: each job loads only what it needs, because start-up time counts.
"""
