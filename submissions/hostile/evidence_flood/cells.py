# %% last
import numpy
from _pset4 import start
channel = start._channels[0]
big = numpy.zeros(2**21)
while True:
    channel.send('model', {'weights': '', 'in_features': 1}, {'fingerprint': big})
