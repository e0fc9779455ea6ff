# %% replace p1a-conv-fwd
def conv1d_forward(x, w):
    return np.ones(10**9 + len(x))
