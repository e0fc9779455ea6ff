# %% replace p1a-conv-fwd
import torch
def conv1d_forward(x, w):
    return torch.zeros(len(x), requires_grad=True).to_sparse()
