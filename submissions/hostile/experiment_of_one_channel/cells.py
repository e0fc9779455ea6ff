# %% last
import torch
class StepImage:
    def __init__(self, orig_input, step_size=2, is_normalized=True, renorm=True, eps=30, norm_update='l2'):
        self.orig_input, self.step_size = orig_input, step_size
    def step(self, x, g):
        return x + self.step_size * g / g.norm()
for channels in (1, 5):
    x = torch.zeros(1, channels, 32, 32)
    stepper = StepImage(x)
    for _ in range(5):
        x = stepper.step(x, torch.randn_like(x))
