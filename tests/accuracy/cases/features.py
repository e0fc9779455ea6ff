"""4(d): three different layers, channels or units, climbed from a random image."""

# %% mutant features-descend | loses 4d | says "features.downhill"
# @ p4d-run-1-00
# -     loss = activation.norm()
# +     loss = -activation.norm()
# @ p4d-run-2-00
# -     loss = activation.norm()
# +     loss = -activation.norm()
# @ p4d-run-3-00
# -     loss = activation.norm()
# +     loss = -activation.norm()

# %% mutant features-negated-gradient | loses 4d | says "features.downhill"
# @ p4d-run-1-00
# - step.step(batch_tensor.detach(), gradient)
# + step.step(batch_tensor.detach(), -gradient)
# @ p4d-run-2-00
# - step.step(batch_tensor.detach(), gradient)
# + step.step(batch_tensor.detach(), -gradient)
# @ p4d-run-3-00
# - step.step(batch_tensor.detach(), gradient)
# + step.step(batch_tensor.detach(), -gradient)

# %% mutant features-two-steps | loses 4d | says "expected at least|more strongly|hardly"
# @ p4d-run-1-00
# - range(20)
# + range(2)
# - step_size=0.05
# + step_size=0.001
# @ p4d-run-2-00
# - range(20)
# + range(2)
# - step_size=0.05
# + step_size=0.001
# @ p4d-run-3-00
# - range(20)
# + range(2)
# - step_size=0.05
# + step_size=0.001

# %% mutant features-random-walk | loses 4d | says "features.no_response"
# @ p4d-run-1-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     batch_tensor = step.step(batch_tensor.detach(), torch.randn_like(gradient))
# @ p4d-run-2-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     batch_tensor = step.step(batch_tensor.detach(), torch.randn_like(gradient))
# @ p4d-run-3-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     batch_tensor = step.step(batch_tensor.detach(), torch.randn_like(gradient))

# %% mutant features-never-moved | loses 4d | says "changed|more strongly"
# @ p4d-run-1-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     step.step(batch_tensor.detach(), gradient)
# @ p4d-run-2-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     step.step(batch_tensor.detach(), gradient)
# @ p4d-run-3-00
# -     batch_tensor = step.step(batch_tensor.detach(), gradient)
# +     step.step(batch_tensor.detach(), gradient)

# %% mutant features-first-raises | loses 4d | says "AttributeError|exception"
# @ p4d-layers-0
# -     stages = [model.conv1
# +     stages = [model.convolution1

# %% held features-one-layer-thrice | waits 4d | says "1 of 3"
# @ p4d-run-2-00
# - layer_id = 1
# + layer_id = 0
# @ p4d-run-3-00
# - layer_id = 3
# + layer_id = 0

# %% held features-two-layers | waits 4d | says "2 of 3"
# @ p4d-run-3-00
# - layer_id = 3
# + layer_id = 1

# %% held features-one-descends | waits 4d | says "features.downhill"
# @ p4d-run-2-00
# -     loss = activation.norm()
# +     loss = -activation.norm()

# %% held features-only-one-run | waits 4d | says "1 of 3"
# @ p4d-run-2-00
# - for _ in tqdm(range(20)):
# + for _ in []:
# - (layer_id, loss.item())
# + (layer_id, 0)
# @ p4d-run-3-00
# - for _ in tqdm(range(20)):
# + for _ in []:
# - (layer_id, loss.item())
# + (layer_id, 0)

# %% variant features-squared-norm
# @ p4d-run-1-00
# - activation.norm()
# + activation.pow(2).sum()
# @ p4d-run-2-00
# - activation.norm()
# + (activation ** 2).mean()
# @ p4d-run-3-00
# - activation.norm()
# + torch.log(activation.norm())

# %% variant features-root-of-sum
# @ p4d-run-1-00
# - activation.norm()
# + torch.sqrt((activation ** 2).sum())

# %% variant features-mean-and-l1
# @ p4d-run-1-00
# - activation.norm()
# + activation.mean()
# @ p4d-run-2-00
# - activation.norm()
# + activation.norm(p=1)

# %% variant features-channels
# @ p4d-run-1-00
# - activation.norm()
# + activation[0, 3].norm()
# @ p4d-run-2-00
# - activation.norm()
# + activation[:, 5].mean()
# @ p4d-run-3-00
# - activation.norm()
# + activation[0, 7].norm()

# %% variant features-three-channels-of-one-layer
# @ p4d-run-1-00
# - layer_id = 0
# + layer_id = 1
# - activation.norm()
# + activation[:, 2].norm()
# @ p4d-run-2-00
# - activation.norm()
# + activation[:, 9].norm()
# @ p4d-run-3-00
# - layer_id = 3
# + layer_id = 1
# - activation.norm()
# + activation[:, 4].norm()

# %% variant features-minus-twice
# @ p4d-run-1-00
# - activation.norm()
# + -activation.norm()
# - step.step(batch_tensor.detach(), gradient)
# + step.step(batch_tensor.detach(), -gradient)

# %% variant features-other-layers
# @ p4d-run-1-00
# - layer_id = 0
# + layer_id = 2

# %% variant features-by-backward
# @ p4d-run-1-00
# -     gradient = torch.autograd.grad(loss, batch_tensor)[0]
# +     loss.backward()
# +     gradient = batch_tensor.grad

# %% variant features-in-one-loop
# @ p4d-run-1-00
# - layer_id = 0
# + layer_id = 2
# @ p4d-run-2-00
# - layer_id = 1
# + layer_id = 0

# %% variant features-as-a-function
def visualise(layer_id, n_iter=30):
    global step
    start = torch.rand((1, 3, 224, 224)).to(device)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    layer = model_layer(model, layer_id)
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = layer(x).norm()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
    return x

layer_id = 3
images = [visualise(i) for i in (0, 1, 2, 3)]

# %% variant features-from-gaussian-noise
# @ p4d-run-1-00
# - torch.rand((1, 3, 224, 224))
# + (0.5 + 0.25 * torch.randn((1, 3, 224, 224))).clamp(0, 1)

# %% variant features-longer-steps
# @ p4d-run-1-00
# - step_size=0.05
# + step_size=0.1
# @ p4d-run-2-00
# - range(20)
# + range(45)
