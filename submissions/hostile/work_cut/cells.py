# %% replace p1a-conv-fwd
def conv1d_forward(x, w):
    return np.convolve(x, w)[: len(w)]

# %% replace p1b-pool-fwd
def maxpool1d_forward(x, k):
    return np.array(x[:1])

# %% replace p3ab-conv-bw
def conv1d_backward(x, w, grad_out):
    return np.array(grad_out)[: len(w)], np.array(w)


def conv1d_update(w, grad_w, lr):
    return np.array(w[:1])

# %% replace p3d-pool-bw-
def maxpool1d_backward(x, k, grad_out):
    return np.array(grad_out)
