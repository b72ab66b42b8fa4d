"""Scenes in which something happens: people with poses, things put down, vehicles, light, weather.

`actor` is the seam to the renderer; `poses`, `things` and `vehicles` are bodies; `glow`, `ground`
and `weather` are light and air; `truth` is what happened, written beside the video; `site` draws a
place with its camera and light, one module a kind draws what happens there, and `suite` numbers
them all.
"""
