"""Colours of the figures: the Okabe-Ito palette, safe for colour-blind readers.

The values are written into the SVG as presentation attributes (the print sees those); the
stylesheet overrides them by class on a dark screen.
"""

from __future__ import annotations

INK = "#1b1f24"
"""Text of a figure."""
MUTED = "#57606a"
"""Tick labels and secondary text (5.9:1 on white)."""
GRID = "#d8dee4"
"""Grid lines and frames."""
BLUE = "#0072b2"
"""The student's data, and the target's bar."""
SKY = "#56b4e9"
"""Bars that are not the target."""
GREEN = "#009e73"
"""The band of a tolerance."""
VERMILION = "#d55e00"
"""The worst place, and what lies outside."""
PAPER = "#ffffff"
"""Text on a dark bar."""
