"""Published statistics: hourly figures of a day with differential privacy.

Bounds on what one person can change (`presence`), noise for it (`noise`), figures that fit together
(`occupancy`), the document and its tables (`release`, `tables`), and the account (`account`).
"""
