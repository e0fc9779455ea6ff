# %% replace p1a-conv-fwd
def conv1d_forward(x, w):
    return np.zeros(len(x) + 1)

# %% replace p1b-pool-fwd
def maxpool1d_forward(x, k):
    return np.zeros(len(x) + 1)

# %% replace p3ab-conv-bw
def conv1d_backward(x, w, grad_out):
    return 0 * np.asarray(x) + 7, 0 * np.asarray(w) + 7


def conv1d_update(w, grad_w, lr):
    return np.asarray(w) + 7

# %% replace p3d-pool-bw-
def maxpool1d_backward(x, k, grad_out):
    return 0 * np.asarray(x) + 7
