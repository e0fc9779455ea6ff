# %% last
from _pset4 import start
while True:
    start._channels[0].send('progress', {'run': 'run1', 'step': 1, 'total': 2})
