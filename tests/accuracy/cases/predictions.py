"""Problem 2: the networks, their predictions, and `output2prob`."""

# %% mutant prob-over-rows | loses 2c | says "output2prob.wrong_axis"
def output2prob(output):
    return F.softmax(output, dim=0)

# %% mutant prob-logits-unchanged | loses 2c | says "output2prob.logits"
def output2prob(output):
    return output

# %% mutant prob-no-exponential | loses 2c | says "output2prob.no_exponential"
def output2prob(output):
    return output / output.sum(dim=1, keepdim=True)

# %% mutant prob-not-normalised | loses 2c | says "output2prob.exponentials"
def output2prob(output):
    return torch.exp(output)

# %% mutant prob-max-subtracted-not-normalised | loses 2c | says "output2prob.shifted_exponentials"
def output2prob(output):
    return torch.exp(output - output.max(dim=1, keepdim=True).values)

# %% mutant prob-logarithm | loses 2c | says "output2prob.logarithm"
def output2prob(output):
    return F.log_softmax(output, dim=1)

# %% mutant prob-temperature | loses 2c | says "output2prob.temperature"
def output2prob(output):
    return F.softmax(output / 2, dim=1)

# %% mutant prob-sharpened | loses 2c | says "output2prob.temperature"
def output2prob(output):
    return F.softmax(3 * output, dim=1)

# %% mutant prob-sigmoid | loses 2c | says "output2prob.sigmoid"
def output2prob(output):
    return torch.sigmoid(output)

# %% mutant prob-softmin | loses 2c | says "output2prob.sign"
def output2prob(output):
    return F.softmin(output, dim=1)

# %% mutant prob-twice | loses 2c | says "output2prob.twice"
def output2prob(output):
    return F.softmax(F.softmax(output, dim=1), dim=1)

# %% mutant prob-per-cent | loses 2c | says "output2prob.percent"
def output2prob(output):
    return 100 * F.softmax(output, dim=1)

# %% mutant prob-scaled-to-unit-interval | loses 2c | says "output2prob.min_max"
def output2prob(output):
    return (output - output.min()) / (output.max() - output.min())

# %% mutant prob-l2-normalised | loses 2c | says "output2prob.l2_norm"
def output2prob(output):
    e = torch.exp(output - output.max())
    return e / e.norm(dim=1, keepdim=True)

# %% mutant prob-base-two | loses 2c | says "output2prob.temperature"
def output2prob(output):
    powers = 2 ** output
    return powers / powers.sum(dim=1, keepdim=True)

# %% mutant prob-over-everything | loses 2c | says "output2prob.batch"
def output2prob(output):
    e = torch.exp(output - output.max())
    return e / e.sum()

# %% mutant prob-overflows | loses 2c | says "output2prob.unstable"
def output2prob(output):
    e = torch.exp(output)
    return e / e.sum(dim=1, keepdim=True)

# %% mutant prob-first-row-only | loses 2c | says "output2prob.batch"
def output2prob(output):
    return F.softmax(output[0], dim=0)

# %% mutant prob-one-hot | loses 2c | says "output2prob.one_hot"
def output2prob(output):
    return F.one_hot(output.argmax(dim=1), output.shape[1]).float()

# %% mutant prob-top-only | loses 2c | says "output2prob.shape"
def output2prob(output):
    return F.softmax(output, dim=1).max(dim=1).values

# %% mutant prob-sorted | loses 2c | says "output2prob.sorted"
def output2prob(output):
    return F.softmax(output, dim=1).sort(dim=1, descending=True).values

# %% mutant prob-rounded | loses 2c | says "function.rounded"
def output2prob(output):
    return F.softmax(output, dim=1).mul(100).round().div(100)

# %% mutant prob-relu-first | loses 2c | says "output2prob.rectified"
def output2prob(output):
    return F.softmax(F.relu(output), dim=1)

# %% mutant prob-raises | loses 2c | says "output2prob.raises"
def output2prob(output):
    return F.softmax(output, dim='classes')

# %% mutant prob-returns-nothing | loses 2c | says "function.returned"
def output2prob(output):
    F.softmax(output, dim=1)

# %% mutant in-features-of-another-network | loses 2a | says "in_features.not_resnet"
# @ p2a-random-0
# - models.resnet50()
# + models.resnet18()

# %% mutant in-features-answer-is-classes | loses 2a | says "in_features.wrong_number"
# @ p2a-answer-0
# - 2048
# + 1000
# - layer4
# + layer5

# %% mutant in-features-answer-512 | loses 2a | says "in_features.wrong_number"
# @ p2a-answer-0
# - 2048
# + 512

# %% mutant random-network-is-trained | loses 2b | says "random_network.trained"
# @ p2a-random-0
# - models.resnet50()
# + models.resnet50(weights='IMAGENET1K_V1')

# %% mutant random-network-on-noise | loses 2b | says "predictions.other_picture"
# @ p2b-predict-
# -     output = model(batch)
# +     output = model(torch.rand(1, 3, 224, 224))

# %% mutant pretrained-in-training-mode | loses 2c | says "top_predictions.training_mode"
# @ p2c-load-000
# - model.eval()
# + model.train()

# %% mutant pretrained-fed-pixels | loses 2c | says "top_predictions.pixels"
# @ p2c-load-000
# -     output = model(batch)
# +     output = model(prepare_image(img, do_normalize=False).to(device))

# %% mutant pretrained-not-loaded | loses 2c | says "top_predictions.other_weights"
# @ p2c-load-000
# - weights='IMAGENET1K_V1'
# + weights=None

# %% mutant pretrained-on-noise | loses 2c | says "predictions.other_picture"
# @ p2c-load-000
# -     output = model(batch)
# +     output = model(torch.randn(1, 3, 224, 224))

# %% mutant pretrained-upside-down | loses 2c | says "upside down"
# @ p2c-load-000
# -     output = model(batch)
# +     output = model(batch.flip(2))

# %% variant prob-without-dim
def output2prob(output):
    return F.softmax(output)

# %% variant prob-module
def output2prob(output):
    return torch.nn.Softmax(dim=1)(output)

# %% variant prob-last-dimension
def output2prob(output):
    return output.softmax(-1)

# %% variant prob-by-hand
def output2prob(output):
    z = output - output.max(dim=1, keepdim=True).values
    e = torch.exp(z)
    return e / e.sum(dim=1, keepdim=True)

# %% variant prob-numpy
def output2prob(output):
    z = output.detach().cpu().numpy()
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return torch.from_numpy(e / e.sum(axis=1, keepdims=True))

# %% variant prob-scipy
from scipy.special import softmax
def output2prob(output):
    return torch.from_numpy(softmax(output.detach().numpy(), axis=1))

# %% variant prob-logsumexp
def output2prob(output):
    return torch.exp(output - torch.logsumexp(output, dim=1, keepdim=True))

# %% variant prob-exp-of-log-softmax
def output2prob(output):
    return F.log_softmax(output, dim=1).exp()

# %% variant prob-double
def output2prob(output):
    return torch.softmax(output.double(), dim=1)

# %% variant prob-row-by-row
def output2prob(output):
    return torch.stack([torch.softmax(row, dim=0) for row in output])

# %% variant prob-squeezed
def output2prob(output, verbose=False):
    return torch.softmax(output, dim=1).squeeze()
# @ p2c-predict-
# - top_prob, top_id = prob[0].max(dim=0)
# + top_prob, top_id = prob.max(dim=0)

# %% variant prob-global-maximum
def output2prob(output):
    e = torch.exp(output - output.max())
    return e / e.sum(dim=1, keepdim=True)

# %% variant model-forward-called
# @ p2b-predict-
# -     output = model(batch)
# +     output = model.forward(batch)
# @ p2c-load-000
# -     output = model(batch)
# +     output = model.forward(batch)

# %% variant model-in-data-parallel
# @ p2c-load-000
# -     output = model(batch)
# +     output = torch.nn.Sequential(model)(batch)

# %% variant model-under-another-name
# @ p2b-predict-
# - with torch.no_grad():
# + net = model
# + with torch.no_grad():
# -     output = model(batch)
# +     output = net(batch)

# %% variant model-with-gradients
# @ p2c-load-000
# - with torch.no_grad():
# + if True:

# %% variant random-network-in-training-mode
# @ p2a-random-0
# - model.eval()
# + model.train()

# %% variant resized-by-pil
# @ p2b-helpers-
# -     small = cv2.resize(image_cv2, (224, 224))
# +     small = np.array(Image.fromarray(image_cv2).resize((224, 224)))

# %% variant in-features-printed
# @ p2a-random-0
# - model.fc
# + print('features:', model.fc.in_features)

# %% mutant unseen-softmax-twice-at-the-call | loses 2c | says "output2prob.twice_at_the_call"
# @ p2c-predict-
# - prob = output2prob(output)
# + prob = output2prob(output2prob(output))

# %% mutant unseen-answer-64 | loses 2a | says "in_features.wrong_number"
# @ p2a-answer-0
# - 2048
# + 64 features, not

# %% held unseen-answer-turned | waits 2a | says "in_features.contradictory"
# @ p2a-answer-0
# - shown above: 2048 for
# + shown above: 1000 inputs and 2048 outputs for

# %% variant unseen-answer-as-a-product
# @ p2a-answer-0
# - 2048
# + 512 × 4 = 2048

# %% variant unseen-probabilities-named-again
# @ p2c-predict-
# - prob = output2prob(output)
# + logits = output
# + prob = output2prob(logits)
# + prob = prob.squeeze().unsqueeze(0)

# %% held unseen-softmax-in-a-loop | waits 2c | says "output2prob.called_on_probabilities"
# @ p2c-predict-
# - prob = output2prob(output)
# + prob = output
# + for _ in range(2):
# +     prob = output2prob(prob)

# %% variant corgi-first-of-a-batch
# @ p2b-predict-
# -     output = model(batch)
# +     output = model(torch.cat([batch, batch.flip(-1)]))[:1]
# @ p2c-load-000
# -     output = model(batch)
# +     output = model(batch.repeat(4, 1, 1, 1))[:1]

# %% held corgi-cropped-by-torchvision | waits 2b, 2c | says "predictions.cropped"
# @ p2b-predict-
# - batch = prepare_image(img).to(device)
# + usual = [transforms.ToPILImage(), transforms.Resize(256), transforms.CenterCrop(224)]
# + usual += [transforms.ToTensor(), normalize]
# + batch = transforms.Compose(usual)(img[:, :, ::-1].copy()).unsqueeze(0).to(device)

# %% mutant corgi-in-bgr | loses 2b, 2c | says "red and blue swapped"
# @ p2b-helpers-
# -     rgb = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
# +     rgb = small

# %% mutant corgi-not-divided-by-255 | loses 2b, 2c | says "scaled or normalized in another way.*predictions.other_form"
# @ p2b-helpers-
# - .float() / 255
# + .float()

# %% mutant prob-overwrites-the-logits | loses 2c | says "function.in_place"
def output2prob(output):
    output -= output.max(1, keepdim=True)[0]
    output.exp_()
    output /= output.sum(1, keepdim=True)
    return output

# %% held stated-of-the-random-network | waits 2c | says "top_predictions.stated_otherwise"
# @ p2c-load-000
# -     output = model(batch)
# - plot_top_classes(output)
# +     output_pretrained = model(batch)
# + plot_top_classes(output_pretrained)

# %% held stated-logit | waits 2c | says "seems to state a logit"
# @ p2c-predict-
# - prob = output2prob(output)
# + prob = output

# %% held stated-least-class | waits 2c | says "a number for another class"
# @ p2c-predict-
# - top_prob, top_id = prob[0].max(dim=0)
# + top_prob, top_id = prob[0].min(dim=0)

# %% held stated-under-another-name | waits 2c | says "under another class's name"
# @ p2-classes-0
# - imagenet_classes_short = [name.split(',')[-1].strip() for name in imagenet_classes]
# + imagenet_classes_short = [name.split(',')[-1].strip() for name in imagenet_classes][1:] + ['?']

# %% variant stated-in-percent-as-a-dict
# @ p2c-predict-
# - print('%s: %.4f' % (imagenet_classes_short[top_id.item()], top_prob.item()))
# + {imagenet_classes[i]: f'{100 * prob[0, i].item():.0f} %' for i in prob[0].topk(5)[1].tolist()}

# %% held stated-least-classes-in-the-plot | waits 2c | says "the classes with the smallest"
# @ p2c-load-000
# - plot_top_classes(output)
# + plot_top_classes(-output)
# @ p2c-predict-
# - plot_top_classes(prob)
# + plot_top_classes(1 - prob)

# %% variant network-by-its-layers
# @ p2b-predict-
# -     output = model(batch)
# +     body = torch.nn.Sequential(*list(model.children())[:-1])
# +     output = model.fc(torch.flatten(body(batch), 1))
# @ p2c-load-000
# -     output = model(batch)
# +     pooled = model.avgpool(model.layer4(model.layer3(model.layer2(model.layer1(
# +         model.maxpool(model.relu(model.bn1(model.conv1(batch)))))))))
# +     output = model.fc(pooled.flatten(1))

# %% variant network-traced-by-fx
# @ p2b-predict-
# -     output = model(batch)
# +     output = torch.fx.symbolic_trace(model)(batch)
# @ p2c-load-000
# -     output = model(batch)
# +     output = torch.fx.symbolic_trace(model)(batch)

# %% mutant network-without-its-max-pooling | loses 2c | says "top_predictions.other_classes"
# @ p2c-load-000
# -     output = model(batch)
# +     stem = model.relu(model.bn1(model.conv1(batch)))
# +     pooled = model.avgpool(model.layer4(model.layer3(model.layer2(model.layer1(stem)))))
# +     output = model.fc(pooled.flatten(1))

# %% variant network-drawn-in-float64
# @ p2a-random-0
# - models.resnet50()
# + (torch.set_default_dtype(torch.float64), models.resnet50(),
# +          torch.set_default_dtype(torch.float32))[1].float()

# %% mutant prob-over-everything-unstable | loses 2c | says "output2prob.batch"
def output2prob(output):
    return torch.exp(output) / torch.exp(output).sum()

# %% mutant prob-with-a-bias | loses 2c | says "output2prob.wrong[,)]"
def output2prob(output):
    return F.softmax(output + torch.linspace(0, 1, output.shape[-1]), dim=1)
