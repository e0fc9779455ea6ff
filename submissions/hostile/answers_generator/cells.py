# %% replace p1a-conv-fwd
import itertools
def conv1d_forward(x, w):
    return itertools.count()
