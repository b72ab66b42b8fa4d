"""Assessments and notices as people read them: HTML, PDF and SVG."""
