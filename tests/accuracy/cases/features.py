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

# %% mutant features-never-moved | loses 4d | says "features.stuck"
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

# %% variant features-pooled-units
head = torch.nn.Sequential(*list(model.children())[:-1])
with torch.no_grad():
    strongest = head(torch.rand(1, 3, 224, 224).to(device)).flatten().topk(3).indices.tolist()
pictures = []
for item in (0, 1, 2):
    starting_image = torch.rand((1, 3, 224, 224)).to(device)
    batch_tensor = starting_image.clone()
    step = StepImage(starting_image, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    unit = strongest[item]
    for _ in tqdm(range(20)):
        batch_tensor = batch_tensor.detach().requires_grad_(True)
        loss = head(batch_tensor).flatten()[unit]
        gradient = torch.autograd.grad(loss, batch_tensor)[0]
        batch_tensor = step.step(batch_tensor.detach(), gradient)
layer_id = 3
loss = torch.zeros(1)

# %% variant features-inside-blocks-by-adam
seen = {}
def grab(name):
    def hook(module, given, output):
        seen[name] = output
    return hook
model.layer2[1].conv2.register_forward_hook(grab('a'))
model.layer3[2].bn1.register_forward_hook(grab('b'))
model.layer3[0].conv3.register_forward_hook(grab('c'))
for key in 'abc':
    x = torch.rand(1, 3, 224, 224, requires_grad=True)
    opt = torch.optim.Adam([x], lr=0.05)
    for _ in range(20):
        opt.zero_grad()
        model(normalize(x[0])[None])
        loss = -seen[key].norm() if key != 'b' else -seen[key][0, 5].mean()
        loss.backward()
        opt.step()
        with torch.no_grad(): x.clamp_(0, 1)
layer_id = 3

# %% variant features-three-in-a-batch
stages = torch.nn.Sequential(*list(model.children())[:6])
start = torch.rand(3, 3, 224, 224)
x = start.clone()
step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
for _ in range(20):
    x = x.detach().requires_grad_(True)
    out = stages(x)
    loss = out[0, 3].norm() + out[1, 9].norm() + out[2, 20].norm()
    x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% mutant features-another-channel-each-step | loses 4d | says "features.changes"
stages = torch.nn.Sequential(*list(model.children())[:6])
for first in (14, 3, 8):
    start = torch.ones(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(20):
        x = x.detach().requires_grad_(True)
        loss = stages(x)[0, (first + i) % 30].mean()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% held features-of-a-random-network | waits 4d | says "random weights"
net = models.resnet50().eval()
for layer in (1, 2, 3):
    stages = torch.nn.Sequential(*list(net.children())[:4 + layer])
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(20):
        x = x.detach().requires_grad_(True)
        loss = stages(x).norm()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% variant features-groups-of-channels
stages = torch.nn.Sequential(*list(model.children())[:6])
for first in (0, 10, 20):
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(20):
        x = x.detach().requires_grad_(True)
        loss = stages(x)[:, first:first + 10].norm()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% variant features-crop-and-maxima
crop = lambda a: a[:, :, 2:5, 2:5].norm()
channel = lambda a: a[0, 8].max()
halves = lambda a: a[:, : a.shape[1] // 4].mean()
for id_, objective in ((0, crop), (1, channel), (2, halves)):
    f = model_layer(model, id_)
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(20):
        x = x.detach().requires_grad_(True)
        x = step.step(x.detach(), torch.autograd.grad(objective(f(x)), x)[0])
layer_id = 3

# %% variant features-in-two-halves
pictures = {}
for half in (0, 1):
    for id_ in (0, 1, 2):
        x = pictures.get(id_, torch.rand(1, 3, 224, 224))
        f = model_layer(model, id_)
        step = StepImage(x, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
        for i in range(10):
            x = x.detach().requires_grad_(True)
            x = step.step(x.detach(), torch.autograd.grad(f(x).norm(), x)[0])
        pictures[id_] = x
layer_id = 3

# %% mutant features-groups-descend | loses 4d | says "features.downhill"
stages = torch.nn.Sequential(*list(model.children())[:6])
for first in (0, 10, 20):
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(8):
        x = x.detach().requires_grad_(True)
        loss = stages(x)[:, first:first + 10].norm()
        x = step.step(x.detach(), -torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% held features-another-group-each-step | waits 4d | says "features.unrecognized"
stages = torch.nn.Sequential(*list(model.children())[:6])
for first in (0, 10, 20):
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(8):
        x = x.detach().requires_grad_(True)
        loss = stages(x)[:, (first + 10 * i) % 60:(first + 10 * i) % 60 + 10].norm()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
layer_id = 3

# %% held features-three-norms-of-one-layer | waits 4d | says "1 of 3"
f = model_layer(model, 1)
for p in (1, 2, 3):
    start = torch.rand(1, 3, 224, 224)
    x = start.clone()
    step = StepImage(start, step_size=0.05, renorm=False, norm_update='abs', is_normalized=False)
    for i in range(20):
        x = x.detach().requires_grad_(True)
        x = step.step(x.detach(), torch.autograd.grad(f(x).norm(p), x)[0])
layer_id = 3
