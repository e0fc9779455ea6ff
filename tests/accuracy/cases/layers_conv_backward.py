"""3(a), 3(b): backward passes and update rules of the convolution layer."""

# %% mutant back-forward-applied-again | loses 3a | says "other way around"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    grad_x = np.correlate(np.pad(g, (p, k - 1 - p)), w, 'valid')
    padded = np.pad(x, (p, k - 1 - p))
    grad_w = np.array([g @ padded[j:j + n] for j in range(k)])
    return grad_x, grad_w

# %% mutant back-input-negative | loses 3a | says "sign"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return -np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-off-by-one | loses 3a | says "shifted by one"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    full = np.pad(np.convolve(g, w), 1)
    return full[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-zeros | loses 3a | says "zeros"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.zeros(n), np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-ends-dropped | loses 3a | says "interior"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    grad_x = np.convolve(g, w)[p:p + n]
    grad_x[:k - 1] = 0
    grad_x[n - k + 1:] = 0
    return grad_x, np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-circular-ends | loses 3a | says "interior|ends"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    grad_x = np.zeros(n)
    for i in range(n):
        for j in range(k):
            grad_x[(i + j - p) % n] += g[i] * w[j]
    return grad_x, np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-elementwise | loses 3a | says "adjoint"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return g * w.sum(), np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-valid-length | loses 3a | says "shape"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w), np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-twice | loses 3a | says "twice"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return 2 * np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-ignores-cotangent | loses 3a | says "grad_out|dC/dx_out"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(np.ones(n), w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-last-output-only | loses 3a | says "added|adjoint"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded, grad_padded = np.pad(x, (p, k - 1 - p)), np.zeros(n + k - 1)
    for i in range(n):
        grad_padded[i:i + k] = g[i] * w
    return grad_padded[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-mean | loses 3a | says "divided by"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n] / n, np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-input-even-kernels-wrong | loses 3a | says "odd"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[k // 2:k // 2 + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-kernel-reversed | loses 3b | says "reverse"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])[::-1]

# %% mutant back-kernel-negative | loses 3b | says "sign"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], -np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-kernel-averaged | loses 3b | says "divided by the length"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]) / n

# %% mutant back-kernel-off-by-one | loses 3b | says "shifted"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p + 1, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-kernel-times-kernel | loses 3b | says "adjoint"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]) * w

# %% mutant back-kernel-without-padding | loses 3b | says "adjoint|ends"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    grad_w = np.zeros(k)
    for j in range(k):
        for i in range(p, n - (k - 1 - p)):
            grad_w[j] += g[i] * x[i + j - p]
    return np.convolve(g, w)[p:p + n], grad_w

# %% mutant back-kernel-weight-decay | loses 3b | says "adjoint"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]) + 0.1 * w

# %% mutant back-kernel-full-length | loses 3b | says "shape"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return np.convolve(g, w)[p:p + n], np.correlate(x, g, 'full')

# %% mutant back-swapped | loses 3a, 3b | says "order"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([g @ padded[j:j + n] for j in range(k)]), np.convolve(g, w)[p:p + n]

# %% mutant back-input-only | loses 3b | says "one result"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return np.convolve(g, w)[p:p + n]

# %% mutant back-kernel-only | loses 3a, 3b | says "one result|order"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-both-wrong | loses 3a, 3b | says "sign"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return -np.convolve(g, w)[p:p + n], -np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant back-scales-cotangent-in-place | loses 3a, 3b | says "changes its arguments"
def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    g = np.array([float(v) for v in grad_out])
    padded = np.pad(np.asarray(x, float), (p, k - 1 - p))
    result = np.convolve(g, np.asarray(w, float))[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])
    for i in range(n):
        grad_out[i] = 0
    return result

# %% mutant back-adds-up-over-calls | loses 3a, 3b | says "called again"
running = {}
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    total = running.setdefault(k, np.zeros(k))
    total += np.array([g @ padded[j:j + n] for j in range(k)])
    return np.convolve(g, w)[p:p + n], total.copy()

# %% mutant back-raises | loses 3a, 3b | says "ValueError"
def conv1d_backward(x, w, grad_out):
    raise ValueError('shapes do not match')

# %% mutant back-fixed-k | loses 3a, 3b | says "k = 3"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n = len(x)
    gp, xp = np.pad(g, 1), np.pad(x, 1)
    w0, w1, w2 = w
    grad_x = w2 * gp[:-2] + w1 * gp[1:-1] + w0 * gp[2:]
    return grad_x, np.array([g @ xp[j:j + n] for j in range(3)])

# %% mutant back-whole-numbers | loses 3a | says "whole numbers"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n].astype(int), np.array([g @ padded[j:j + n] for j in range(k)])

# %% variant back-by-autograd
def conv1d_backward(x, w, grad_out):
    x = torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True)
    w = torch.tensor(np.asarray(w), dtype=torch.float64, requires_grad=True)
    k = len(w)
    p = (k - 1) // 2
    out = F.conv1d(F.pad(x, (p, k - 1 - p)).view(1, 1, -1), w.view(1, 1, -1)).view(-1)
    out.backward(torch.tensor(np.asarray(grad_out), dtype=torch.float64))
    return x.grad, w.grad

# %% variant back-by-differences
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    h = 1e-3
    grad_x = [(g @ (conv1d_forward(x + h * e, w) - conv1d_forward(x - h * e, w))) / (2 * h) for e in np.eye(len(x))]
    grad_w = [(g @ (conv1d_forward(x, w + h * e) - conv1d_forward(x, w - h * e))) / (2 * h) for e in np.eye(len(w))]
    return np.array(grad_x), np.array(grad_w)

# %% variant back-as-lists
def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    grad_x, grad_w = [0.0] * n, [0.0] * k
    for i in range(n):
        for j in range(k):
            if 0 <= i + j - p < n:
                grad_x[i + j - p] += float(grad_out[i]) * float(w[j])
                grad_w[j] += float(grad_out[i]) * float(x[i + j - p])
    return [grad_x, grad_w]

# %% variant back-as-dict
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return {'grad_x': np.convolve(g, w)[p:p + n], 'grad_w': np.array([g @ padded[j:j + n] for j in range(k)])}

# %% variant back-by-toeplitz
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    matrix, shifts = np.zeros((n, n)), np.zeros((n, k))
    for i in range(n):
        for j in range(k):
            if 0 <= i + j - p < n:
                matrix[i, i + j - p] = w[j]
                shifts[i, j] = x[i + j - p]
    return matrix.T @ g, shifts.T @ g

# %% variant back-by-fft
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    size = 2 * n + 2 * k
    grad_x = np.fft.irfft(np.fft.rfft(g, size) * np.fft.rfft(w, size), size)[p:p + n]
    padded = np.pad(x, (p, k - 1 - p))
    cross = np.fft.irfft(np.fft.rfft(padded, size) * np.conj(np.fft.rfft(g, size)), size)
    return grad_x, cross[:k]

# %% held back-tensors-only | waits 3a, 3b | says "does not take NumPy arrays"
def conv1d_backward(x, w, grad_out):
    n, k = x.numel(), w.numel()
    p = (k - 1) // 2
    xp, gp = x.new_zeros(n + k - 1), x.new_zeros(n + k - 1)
    xp[p:p + n] = x
    grad_w = torch.zeros_like(w)
    for i in range(n):
        gp[i:i + k] += grad_out[i] * w
        grad_w += grad_out[i] * xp[i:i + k]
    return gp[p:p + n], grad_w

# %% variant back-extra-keywords
def conv1d_backward(x, w, grad_out, lr=None, *, padding='zero'):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant update-adds | loses 3b | says "climbs"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) + lr * np.asarray(grad_w)

# %% mutant update-without-rate | loses 3b | says "learning rate"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - np.asarray(grad_w)

# %% mutant update-step-only | loses 3b | says "without w"
def conv1d_update(w, grad_w, lr):
    return -lr * np.asarray(grad_w)

# %% mutant update-nothing | loses 3b | says "changes nothing"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w)

# %% mutant update-fixed-rate | loses 3b | says "learning rate"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - 0.01 * np.asarray(grad_w)

# %% mutant update-rate-squared | loses 3b | says "learning rate"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - lr ** 2 * np.asarray(grad_w)

# %% mutant update-divides | loses 3b | says "divides"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - np.asarray(grad_w) / lr

# %% mutant update-normalises | loses 3b | says "length of the gradient|not w"
def conv1d_update(w, grad_w, lr):
    g = np.asarray(grad_w)
    return np.asarray(w) - lr * g / np.linalg.norm(g)

# %% mutant update-averages | loses 3b | says "divided|not w|divides"
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - lr * np.asarray(grad_w) / len(w)

# %% mutant update-momentum | loses 3b | says "called again"
velocity = {}
def conv1d_update(w, grad_w, lr):
    v = 0.9 * velocity.get(len(w), 0) + np.asarray(grad_w)
    velocity[len(w)] = v
    return np.asarray(w) - lr * v

# %% mutant update-swapped | loses 3b | says "other way around"
def conv1d_update(w, grad_w, lr):
    return np.asarray(grad_w) - lr * np.asarray(w)

# %% mutant update-scales-the-gradient-in-place | loses 3b | says "changes its arguments"
def conv1d_update(w, grad_w, lr):
    for j in range(len(w)):
        grad_w[j] = lr * grad_w[j]
    return [w[j] - grad_w[j] for j in range(len(w))]

# %% mutant update-returns-nothing | loses 3b | says "return|None"
def conv1d_update(w, grad_w, lr):
    w = np.asarray(w) - lr * np.asarray(grad_w)

# %% variant update-in-place
def conv1d_update(w, grad_w, lr):
    for j in range(len(w)):
        w[j] -= lr * grad_w[j]
    return w

# %% variant update-as-list
def conv1d_update(w, grad_w, lr=0.1):
    return [a - lr * b for a, b in zip(w, grad_w)]

# %% variant update-by-torch
def conv1d_update(w, grad_w, lr):
    weight = torch.nn.Parameter(torch.tensor(np.asarray(w)))
    weight.grad = torch.tensor(np.asarray(grad_w))
    torch.optim.SGD([weight], lr=lr).step()
    return weight
