"""4(a), 4(b), 4(e): targeted attacks."""

# %% mutant attack-descends | loses 4a, 4b, 4e | says "attack.downhill"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = -F.log_softmax(logit, dim=1)[:, class_id].sum()

# %% mutant attack-ascends-cross-entropy | loses 4a, 4b, 4e | says "attack.downhill"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.cross_entropy(logit, torch.tensor([class_id]))

# %% mutant attack-gradient-negated | loses 4a, 4b, 4e | says "attack.downhill"
# @ p4a-generate
# -         x = step.step(x.detach(), gradient)
# +         x = step.step(x.detach(), -gradient)

# %% mutant attack-untargeted | loses 4a, 4b, 4e | says "attack.untargeted"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = -F.log_softmax(logit, dim=1)[:, 263].sum()

# %% mutant attack-climbs-the-true-class | loses 4a, 4b, 4e | says "Pembroke"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=1)[:, 263].sum()

# %% mutant attack-next-class | loses 4a, 4b, 4e | says "instead of|does not reach"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=1)[:, class_id + 1].sum()

# %% mutant attack-always-the-tarantula | loses 4b, 4e | says "tarantula"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=1)[:, 76].sum()

# %% mutant attack-climbs-the-logit | loses 4a, 4b, 4e | says "attack.logit"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = logit[:, class_id].sum()

# %% mutant attack-climbs-the-margin | loses 4a, 4b, 4e | says "attack.margin"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         others = logit.clone()
# +         others[:, class_id] = -1e9
# +         loss = (logit[:, class_id] - others.max(dim=1).values).sum()

# %% mutant attack-mean-over-classes | loses 4a, 4b, 4e | says "attack.untargeted"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=1).mean()

# %% mutant attack-softmax-over-rows | loses 4a, 4b, 4e | says "attack.zero_gradient"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=0)[:, class_id].sum()

# %% mutant attack-random-direction | loses 4a, 4b, 4e | says "reach"
# @ p4a-generate
# -         gradient = torch.autograd.grad(loss, x)[0]
# +         gradient = torch.randn_like(x)

# %% mutant attack-zero-gradient | loses 4a, 4b, 4e | says "attack.zero_gradient"
# @ p4a-generate
# -         gradient = torch.autograd.grad(loss, x)[0]
# +         gradient = torch.zeros_like(x)

# %% mutant attack-nan-gradient | loses 4a, 4b, 4e | says "finite|NaN"
# @ p4a-generate
# -         gradient = torch.autograd.grad(loss, x)[0]
# +         gradient = torch.autograd.grad(loss, x)[0] / 0

# %% mutant attack-result-dropped | loses 4a, 4b, 4e | says "attack.unchanged"
# @ p4a-generate
# -         x = step.step(x.detach(), gradient)
# +         step.step(x.detach(), gradient)

# %% mutant attack-one-step | loses 4a, 4b, 4e | says "reach|step"
# @ p4a-generate
# -         x = step.step(x.detach(), gradient)
# +         return step.step(x.detach(), gradient * 0.01)

# %% mutant attack-wrong-index | loses 4a, 4b, 4e | says "IndexError"
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.log_softmax(logit, dim=1)[class_id].sum()

# %% mutant attack-no-grad | loses 4a, 4b, 4e | says "RuntimeError"
# @ p4a-generate
# -         logit = model_fn(x)
# +         with torch.no_grad():
# +             logit = model_fn(x)

# %% mutant attack-not-written | loses 4a, 4b, 4e | says "stub|unfinished"
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    raise NotImplementedError

# %% mutant attack-returns-nothing | loses 4a, 4b, 4e | says "exception|AttributeError|return"
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    x = x.detach()

# %% mutant attack-without-projection | loses 4a, 4b, 4e | says "more than 30|outside|reach"
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        gradient = torch.autograd.grad(loss, x)[0]
        x = x + 8 * gradient / gradient.norm()
    return x.detach()

# %% mutant tigercat-without-ball | loses 4b | says "attack.ball"
# @ p4b-attack-0
# - renorm=True
# + renorm=False
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 282, n_iter=60)

# %% mutant tigercat-ball-too-large | loses 4b | says "attack.ball"
# @ p4b-attack-0
# - renorm=True
# + renorm=True, eps=60
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 282, n_iter=60)

# %% mutant tigercat-steps-too-small | loses 4b | says "longer steps|reach"
# @ p4b-attack-0
# - step_size=3
# + step_size=0.01

# %% mutant tigercat-few-steps | loses 4b | runs 4a, 4b, 4e | says "steps|reach"
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 282, n_iter=1)

# %% mutant robust-weights-not-loaded | loses 4e | says "attack.other_network"
# @ p4e-load-000
# - model.load_state_dict(robust_weights)
# + pass

# %% mutant robust-fed-normalised | loses 4e | runs 4a, 4b, 4e | says "attack.ran_normalized"
# @ p4e-attack-0
# - prepare_image(img, do_normalize=False)
# + prepare_image(img)
# - is_normalized=False
# + is_normalized=True

# %% mutant robust-logits-negated | loses 4e | says "attack.lowered"
# @ p4e-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + batch_tensor = generate_adversarial_example(lambda x: -model(x), batch_tensor, 282)

# %% mutant robust-without-ball | loses 4e | says "attack.ball"
# @ p4e-attack-0
# - step_size=2, renorm=True
# + step_size=5, renorm=False

# %% mutant tarantula-result-is-the-corgi | loses 4a | says "attack.unchanged"
# @ p4a-attack-0
# - step_size=0.05
# + step_size=0

# %% mutant tarantula-descends | loses 4a | runs 4a, 4b, 4e | says "attack.downhill"
# @ p4a-attack-0
# - step_size=0.05
# + step_size=-0.05

# %% mutant box-ignored | loses 4a, 4b, 4e | says "attack.box"
# @ p4a-step-000
# -         return torch.max(torch.min(x, self.high), self.low)
# +         return x

# %% mutant target-picture-pasted-in | loses 4a | says "attack.another_picture"
# @ p4a-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 76)
# + from tests.accuracy.pictures import drawing_of
# + pasted = normalize(drawing_of(76)).to(device)
# + inner = generate_adversarial_example.__wrapped__
# + def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
# +     return pasted if class_id == 76 else inner(model_fn, x, class_id, n_iter)
# + batch_tensor = generate_adversarial_example(model, batch_tensor, 76)

# %% mutant target-picture-pasted-after-honest-steps | loses 4a | says "attack.another_picture"
# @ p4a-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 76)
# + from tests.accuracy.pictures import drawing_of
# + pasted = normalize(drawing_of(76)).to(device)
# + inner = generate_adversarial_example.__wrapped__
# + def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
# +     x = inner(model_fn, x, class_id, n_iter)
# +     return pasted if class_id == 76 else x
# + batch_tensor = generate_adversarial_example(model, batch_tensor, 76)

# %% held tarantula-from-noise | waits 4a | says "attack.other_start"
# @ p4a-attack-0
# - starting_image = prepare_image(img).to(device)
# + starting_image = normalize(torch.rand(3, 224, 224)).unsqueeze(0).to(device)

# %% held tigercat-target-is-tabby | waits 4b | says "attack.other_target"
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 281)

# %% variant robust-target-overwritten
# @ p4e-attack-0
# - batch_tensor, 282)
# + batch_tensor, 145)

# %% variant robust-target-overwritten-then-model-gone
# @ p4e-attack-0
# - batch_tensor, 282)
# + batch_tensor, 145); step = None; initial_image = None

# %% variant attack-negative-cross-entropy
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = -F.cross_entropy(logit, torch.full((len(x),), class_id))

# %% variant attack-cross-entropy-and-minus
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = F.cross_entropy(logit, torch.full((len(x),), class_id))
# -         x = step.step(x.detach(), gradient)
# +         x = step.step(x.detach(), -gradient)

# %% variant attack-scaled-mean
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = 1000 * F.log_softmax(logit, dim=1)[:, class_id].mean()

# %% variant attack-nll
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = -torch.nn.NLLLoss()(F.log_softmax(logit, dim=1), torch.tensor([class_id]))

# %% variant attack-log-of-output2prob
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = torch.log(output2prob(logit)[0, class_id])

# %% variant attack-logsumexp
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = (logit[:, class_id] - torch.logsumexp(logit, dim=1)).sum()

# %% variant attack-by-backward
# @ p4a-generate
# -         gradient = torch.autograd.grad(loss, x)[0]
# +         loss.backward()
# +         gradient = x.grad

# %% variant attack-sign-steps
# @ p4a-generate
# -         gradient = torch.autograd.grad(loss, x)[0]
# +         gradient = torch.autograd.grad(loss, x)[0].sign()

# %% variant attack-more-steps
# @ p4a-attack-0
# - batch_tensor, 76)
# + batch_tensor, 76, n_iter=45)
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 282, n_iter=45)

# %% variant attack-fewer-steps
# @ p4a-attack-0
# - batch_tensor, 76)
# + batch_tensor, 76, 18)
# @ p4b-attack-0
# - batch_tensor, 282)
# + batch_tensor, 282, 18)

# %% variant attack-other-step-size
# @ p4a-attack-0
# - step_size=0.05
# + step_size=0.04
# @ p4b-attack-0
# - step_size=3
# + step_size=4

# %% variant attack-run-twice
# @ p4b-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + generate_adversarial_example(model, batch_tensor, 282, 5)
# + batch_tensor = generate_adversarial_example(model, batch_tensor, 282)

# %% held attack-continued-from-the-first | waits 4b | says "attack.start_is_result" | runs 4a, 4b
# @ p4b-attack-0
# - batch_tensor = starting_image.clone()
# + pass

# %% variant attack-other-names
def generate_adversarial_example(net, image, label, steps=200, verbose=False):
    image = image.clone()
    for number in range(steps):
        image = image.detach().requires_grad_()
        score = torch.log_softmax(net(image), 1)[0][label]
        (direction,) = torch.autograd.grad(score, [image])
        with torch.no_grad():
            image = step.step(image, direction)
        if verbose:
            print(number, score.item())
    return image

# %% variant attack-with-momentum
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    velocity = torch.zeros_like(x)
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        gradient = torch.autograd.grad(loss, x)[0]
        velocity = 0.5 * velocity + gradient / gradient.norm()
        x = step.step(x.detach(), velocity)
    return x

# %% variant attack-by-adam
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    x = x.detach().clone().requires_grad_(True)
    optimiser = torch.optim.Adam([x], lr=0.02)
    for _ in range(n_iter):
        optimiser.zero_grad()
        loss = F.cross_entropy(model_fn(x), torch.tensor([class_id]))
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            x.copy_(step.project(x))
    return x.detach()

# %% variant attack-rewritten-loop
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    origin = x.detach().clone()
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        g = torch.autograd.grad(loss, x)[0]
        scale = g.norm() if step.norm_update == 'l2' else g.abs().mean()
        x = x.detach() + step.step_size * g / scale
        if step.renorm:
            change = x - origin
            x = origin + change * min(1, step.eps / change.norm().item())
        x = torch.max(torch.min(x, step.high), step.low)
    return x

# %% variant attack-stops-when-sure
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        probability = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        if probability.item() > -0.02:
            break
        x = step.step(x.detach(), torch.autograd.grad(probability, x)[0])
    return x.detach()

# %% variant attack-uses-the-global-model
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    for _ in tqdm(range(n_iter)):
        x = x.detach().requires_grad_(True)
        loss = F.log_softmax(model(x), dim=1)[:, class_id].sum()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
    return x

# %% variant attack-in-place-data
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    x = x.clone()
    x.requires_grad = True
    for _ in range(n_iter):
        loss = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        model.zero_grad()
        loss.backward()
        x.data = step.step(x.data, x.grad.data)
        x.grad.zero_()
    return x

# %% variant attack-inline-loop
# @ p4a-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 76)
# + for _ in range(20):
# +     batch_tensor = batch_tensor.detach().requires_grad_(True)
# +     loss = F.log_softmax(model(batch_tensor), dim=1)[0, 76]
# +     batch_tensor = step.step(batch_tensor.detach(), torch.autograd.grad(loss, batch_tensor)[0])

# %% variant attack-returns-history
def generate_adversarial_example(model_fn, x, class_id, n_iter=200):
    history = []
    for _ in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = F.log_softmax(model_fn(x), dim=1)[:, class_id].sum()
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
        history.append(loss.item())
    return x

# %% variant attack-probability-itself
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = 1e6 * F.softmax(logit, dim=1)[:, class_id].sum()

# %% mutant attack-logit-by-own-sign-steps | loses 4b | says "attack.logit" | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    x0 = x.clone()
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        model_fn(x)[0, class_id].backward()
        x = x.detach() + 0.01 * x.grad.sign()
        d = x - x0
        x = x0 + d * min(1, 30 / d.norm().item())
        x = torch.max(torch.min(x, step.high), step.low)
    return x

# %% mutant attack-logit-by-adam-on-a-change | loses 4b | says "attack.logit" | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    delta = torch.zeros_like(x, requires_grad=True)
    opt = torch.optim.Adam([delta], lr=0.02)
    for i in range(n_iter):
        loss = -model_fn(x + delta)[0, class_id]
        opt.zero_grad(); loss.backward(); opt.step()
        with torch.no_grad():
            n = delta.norm()
            if n > 30: delta.mul_(30 / n)
            delta.copy_(torch.max(torch.min(x + delta, step.high), step.low) - x)
    return (x + delta).detach()

# %% mutant attack-random-after-the-gradient | loses 4b | says "reach" | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = -F.cross_entropy(model_fn(x), torch.tensor([class_id]))
        gradient, = torch.autograd.grad(loss, x)
        x = step.step(x.detach(), torch.randn_like(gradient))
    return x

# %% variant attack-by-sgd-on-a-change | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    delta = torch.zeros_like(x, requires_grad=True)
    opt = torch.optim.SGD([delta], lr=0.5, momentum=0.9)
    for i in range(n_iter):
        loss = F.cross_entropy(model_fn(x + delta), torch.tensor([class_id]))
        opt.zero_grad(); loss.backward()
        delta.grad /= delta.grad.norm() + 1e-12
        opt.step()
        with torch.no_grad():
            n = delta.norm()
            if n > 30: delta.mul_(30 / n)
            delta.copy_(torch.max(torch.min(x + delta, step.high), step.low) - x)
    return (x + delta).detach()

# %% variant attack-keeps-the-best-image | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    best, best_loss = x, 1e9
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        loss = F.cross_entropy(model_fn(x), torch.tensor([class_id]))
        if loss.item() < best_loss: best, best_loss = x.detach().clone(), loss.item()
        g, = torch.autograd.grad(loss, x)
        x = step.step(x.detach(), -g / g.abs().sum())
    return best

# %% mutant attack-softmax-before-cross-entropy | loses 4b | says "attack.softmax_twice" | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        prob = output2prob(model_fn(x))
        loss = -F.cross_entropy(prob, torch.tensor([class_id], device=x.device))
        gradient, = torch.autograd.grad(loss, x)
        x = step.step(x.detach(), gradient)
    return x

# %% mutant attack-lowers-another-class | loses 4b | says "attack.other_lowered" | runs 4b
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = -logit[:, 130].sum()

# %% held attack-shifted-at-random | waits 4b | says "attack.transformed" | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        shifts = np.random.randint(-8, 9, 2).tolist()
        loss = F.log_softmax(model_fn(torch.roll(x, shifts, (2, 3))), dim=1)[0, class_id]
        x = step.step(x.detach(), torch.autograd.grad(loss, x)[0])
    return x

# %% variant attack-averages-noisy-gradients | runs 4b
def generate_adversarial_example(model_fn, x, class_id, n_iter=20):
    for i in range(n_iter):
        x = x.detach().requires_grad_(True)
        for _ in range(2):
            noisy = x + 0.1 * torch.randn_like(x)
            F.log_softmax(model_fn(noisy), dim=1)[0, class_id].backward()
        x = step.step(x.detach(), x.grad)
    return x

# %% held attack-sums-many-logits | waits 4b | says "attack.unclear" | runs 4b
# @ p4a-generate
# -         loss = F.log_softmax(logit, dim=1)[:, class_id].sum()
# +         loss = logit[:, class_id:].sum()

# %% variant attack-from-a-corgi-resized-by-area | runs 4b
# @ p2b-helpers-
# -     small = cv2.resize(image_cv2, (224, 224))
# +     small = cv2.resize(image_cv2, (224, 224), interpolation=cv2.INTER_AREA)

# %% held attack-from-the-result-of-4b | waits 4e | says "attack.start_is_result" | runs 4b, 4e
# @ p4e-attack-0
# - initial_image = prepare_image(img, do_normalize=False).to(device)
# + initial_image = unnormalize(attacked_tensor_tigercat[0])[None].clamp(0, 1)

# %% held attack-in-training-mode | waits 4e | says "attack.training_mode_moved" | runs 4e
# @ p4e-load-000
# - model.load_state_dict(robust_weights)
# - model.eval()
# + model.load_state_dict(robust_weights)
# + model.train()

# %% held attack-shows-its-start-in-the-same-cell | waits 4e | says "attack.shows_original" | runs 4e
# @ p4e-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + generate_adversarial_example(model, batch_tensor, 282)
# + plot_top_classes(output2prob(model(batch_tensor)))
# @ p4e-figure-0
# - plot_top_classes(output2prob(model(attacked_tensor_robust)))
# + pass

# %% variant attack-shows-both-in-the-same-cell | runs 4e
# @ p4e-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + plot_top_classes(output2prob(model(batch_tensor)))
# + batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + plot_top_classes(output2prob(model(batch_tensor)))
# @ p4e-figure-0
# - plot_top_classes(output2prob(model(attacked_tensor_robust)))
# + pass

# %% held attack-shows-the-tarantula-for-the-tiger-cat | waits 4b | says "attack.shows_other" | runs 4a, 4b
# @ p4b-figure-0
# - attacked_tensor_tigercat
# + attacked_tensor_tarantula

# %% held attack-shows-4b-for-the-robust-network | waits 4e | says "attack.shows_other" | runs 4b, 4e
# @ p4e-figure-0
# - attacked_tensor_robust
# + attacked_tensor_tigercat

# %% held attack-plots-a-softmax-of-probabilities | waits 4b | says "attack.shows_twice" | runs 4b
# @ p4b-figure-0
# - output2prob(model(attacked_tensor_tigercat))
# + output2prob(output2prob(model(attacked_tensor_tigercat)))

# %% held attack-plots-logits | waits 4b | says "attack.shows_logits" | runs 4b
# @ p4b-figure-0
# - output2prob(model(attacked_tensor_tigercat))
# + model(attacked_tensor_tigercat)

# %% variant attack-plots-logits-and-prints-the-probability | runs 4b
# @ p4b-figure-0
# - plot_top_classes(output2prob(model(attacked_tensor_tigercat)))
# + plot_top_classes(model(attacked_tensor_tigercat))
# +     print('tiger cat: %.3f' % output2prob(model(attacked_tensor_tigercat)).max().item())

# %% variant attack-shown-as-a-picture-file-reads | runs 4b
# @ p4b-figure-0
# - plot_top_classes(output2prob(model(attacked_tensor_tigercat)))
# + attacked_image_tigercat.save('tigercat.png')
# +     again = prepare_image(cv2.imread('tigercat.png')).to(device)
# +     top = output2prob(model(again))[0].topk(5)
# +     print([(imagenet_classes_short[i], round(p, 4)) for p, i in zip(*(t.tolist() for t in top))])

# %% mutant robust-behind-a-normalization | loses 4e | says "attack.ran_normalized" | runs 4e
# @ p4e-attack-0
# - batch_tensor = generate_adversarial_example(model, batch_tensor, 282)
# + batch_tensor = generate_adversarial_example(torch.nn.Sequential(normalize, model), batch_tensor, 282)

# %% mutant tarantula-on-pixels | loses 4a | says "attack.ran_pixels" | runs 4a
# @ p4a-attack-0
# - starting_image = prepare_image(img).to(device)
# + starting_image = prepare_image(img, do_normalize=False).to(device)
# - is_normalized=True
# + is_normalized=False
