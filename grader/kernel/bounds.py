"""How much of a run is told to the host, at most. The kernel keeps to it, and the host enforces it.

Without torch: the host's side imports it too.
"""

PLOT = "plot_top_classes"
"""The course's helper that shows the values of the classes."""
MAX_RUNS = 64
"""Optimizations of an image."""
MAX_MODELS = 1024
"""Looks at the notebook's network."""
MAX_PREDICTIONS = 40
"""Calls of a network outside an optimization."""
MAX_PREDICTIONS_PER_CELL = 6
"""Of them in one cell."""
MAX_PLOTTED = 64
"""Calls of the helper that shows the values of the classes."""
MAX_CLASSES = 10_000
"""Values of one such call."""
MAX_ELEMENTS = 4 * 3 * 512 * 512
"""Entries of the greatest tensor that is recorded: one picture of 1,000 pixels a side fits."""
COLOURS = 3
"""Channels of a picture; a batch of them has four dimensions."""
MAX_SCORES = 100_000
"""Entries of what a network says of a batch of pictures."""
MAX_STATE = 10_000
"""Bytes of the state of torch's generator."""
EXACT_IMAGES = (0, 1, 2, 3)
"""Steps whose pictures are recorded in single precision, for what one step changes."""
ROUGH_IMAGES = (5, 6, 10, 20, 30, 40, 60, 80, 100, 125, 150, 175)
"""Steps whose pictures are recorded in half precision."""
GRADIENT_STEPS = frozenset({0, 2, 5, 15, 100})
"""Steps that are recorded with their direction."""
LOOK_STEPS = frozenset({0, 2, 5, 15, 100})
"""Looks that are recorded whole: image, gradient, and the gradient of the last layer's output."""
MOST_PARTS = 64
"""Different layers, channels and units of one run that are told."""
GREATEST_NUMBER = 10_000_000
"""Of a step, a class, a place, a count; others are not told."""
MAX_RESULT = 1_000_000
"""Entries of one result of a student's function, all rows of a call together."""
