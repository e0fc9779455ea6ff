# %% replace p1a-conv-fwd
def conv1d_forward(x, w):
    return np.full(len(x), np.sum(x))

# %% replace p1b-pool-fwd
def maxpool1d_forward(x, k):
    return np.full(len(x) - k + 1, np.sum(x))

# %% replace p3ab-conv-bw
def conv1d_backward(x, w, grad_out):
    return np.full(len(x), np.sum(grad_out)), 0 * np.asarray(w)


def conv1d_update(w, grad_w, lr):
    return np.asarray(grad_w) * 0

# %% replace p3d-pool-bw-
def maxpool1d_backward(x, k, grad_out):
    return np.full(len(x), np.sum(grad_out))
