"""Assessments, permits, the register: nothing runs without them. Pure but for `office`."""
