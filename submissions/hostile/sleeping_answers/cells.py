# %% last
import time
def conv1d_forward(x, w):
    time.sleep(3600)
