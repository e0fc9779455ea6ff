# %% last
import torch
def conv1d_forward(x, w):
    return conv1d_forward(x, w) + torch.ones(1)
