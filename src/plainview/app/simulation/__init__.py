"""`plainview simulate --cameras`: a city's Readings through the real bus, intake and store."""
