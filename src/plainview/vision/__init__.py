"""The only folder that holds images: tap, lens, seal and measurement. Imports nothing at load."""
