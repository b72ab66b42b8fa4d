"""The city at this moment: cameras added up to sites, sites to districts, districts to the city.

Kept up with each batch of Readings as it is written (`totals`), so that an answer costs the same
however many cameras there are.
"""
