"""Who runs which lens, and what happens when one dies."""
