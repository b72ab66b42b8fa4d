"""Who runs which tap and lens, and restarts them: one clip, or any number of live cameras.

Nothing heavy is imported here: images, and what reads them, live in the processes it starts.
"""
