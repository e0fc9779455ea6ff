# %% last
import torch
torch.ones(2**38)
