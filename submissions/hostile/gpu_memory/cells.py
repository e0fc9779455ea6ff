# %% last
import torch
blocks = []
while True:
    blocks.append(torch.ones(2**28, device='cuda'))
