"""1(a), 1(b), 3(a), 3(b), 3(d): right answers of kinds that are seldom seen (issue 15, section 4)."""

# %% variant unseen-out-and-cache
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    cache = (x, w, padded)
    return np.correlate(padded, w, 'valid'), cache

def conv1d_backward(x, w, grad_out):
    _, (x, w, padded) = conv1d_forward(x, w)
    n, k, g = len(x), len(w), np.asarray(grad_out, float)
    p = (k - 1) // 2
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]), {'pad': p}

def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    where = [i + int(x[i:i + k].argmax()) for i in range(len(x) - k + 1)]
    return x[where], (x, k, where)

def maxpool1d_backward(x, k, grad_out):
    _, (x, k, where) = maxpool1d_forward(x, k)
    grad_x = np.zeros(len(x))
    np.add.at(grad_x, where, np.asarray(grad_out, float))
    return grad_x, {'where': where, 'k': None}

# %% variant unseen-cache-in-a-list
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return [np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'), (x, w)]

# %% variant unseen-cache-in-a-dict
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return {'out': np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'), 'cache': (x, w, 'same')}

# %% variant unseen-gradients-then-cache
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    grads = (np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]))
    return grads, {'x': x, 'note': 'cache'}

# %% variant unseen-gradients-and-bias
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return [np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)]), g.sum()]

# %% variant unseen-named-result
from collections import namedtuple
Pooled = namedtuple('Pooled', 'values indices mask')
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    where = np.array([i + x[i:i + k].argmax() for i in range(len(x) - k + 1)])
    return Pooled(x[where], where, None)

# %% variant unseen-copy-then-write
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.array(x[:], dtype=float)
    for i in range(n):
        out[i] = sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n)
    return out

# %% variant unseen-sorted-copy
def maxpool1d_forward(x, k):
    return [sorted(x[i:i + k])[-1] for i in range(len(x) - k + 1)]

# %% variant unseen-complex-fft
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    size = n + k - 1
    full = np.fft.ifft(np.fft.fft(x, size) * np.fft.fft(w[::-1], size))
    start = k - 1 - (k - 1) // 2
    return full[start:start + n]

# %% variant unseen-fractions
from fractions import Fraction
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    a, b = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in w]
    return [sum((b[j] * a[i + j - p] for j in range(k) if 0 <= i + j - p < n), Fraction(0)) for i in range(n)]

# %% variant unseen-recursive
def dot(a, b):
    return 0.0 if len(a) == 0 else float(a[0]) * float(b[0]) + dot(a[1:], b[1:])

def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    line = [0.0] * p + list(x) + [0.0] * (k - 1 - p)
    return np.array([dot(line[i:i + k], list(w)) for i in range(len(x))])

# %% variant unseen-lists-inside
def conv1d_forward(x, w):
    x, w = list(x), list(w)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    line = [0.0] * p + x + [0.0] * (k - 1 - p)
    return [sum(a * b for a, b in zip(w, line[i:])) for i in range(n)]

# %% variant unseen-float32-accumulation
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.zeros(n, dtype=np.float32)
    for i in range(n):
        total = np.float32(0)
        for j in range(k):
            if 0 <= i + j - p < n:
                total += np.float32(w[j]) * np.float32(x[i + j - p])
        out[i] = total
    return out

# %% variant unseen-column-of-rows
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float).reshape(-1, 1)
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return [padded[i:i + k] @ w for i in range(len(x))]

# %% variant unseen-batch-of-one
def conv1d_forward(x, w):
    x, w = np.asarray(x, float)[None], np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(x, ((0, 0), (p, k - 1 - p)))
    return np.stack([padded[:, i:i + k] @ w for i in range(x.shape[1])], axis=1)

# %% variant unseen-roll
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, k)
    return sum(w[j] * np.roll(padded, p - j)[k:k + n] for j in range(k))

# %% variant unseen-ndimage
from scipy import ndimage
def conv1d_forward(x, w):
    k = len(w)
    origin = 0 if k % 2 else -1
    return ndimage.correlate1d(np.asarray(x, float), np.asarray(w, float), mode='constant', origin=origin)

# %% variant unseen-torch-unfold-inside
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    padded = F.pad(torch.tensor(x), (p, k - 1 - p))
    return (padded.unfold(0, k, 1) * torch.tensor(w)).sum(1).numpy()

# %% variant unseen-torch-half-batch
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    a, b = torch.tensor(np.array(x)).reshape(1, 1, -1), torch.tensor(np.array(w)).reshape(1, 1, -1)
    return F.conv1d(F.pad(a, (p, k - 1 - p)), b)

# %% variant unseen-reads-a-global-setting
PADDING_VALUE = 0.0
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(np.asarray(x, float), (p, k - 1 - p), constant_values=PADDING_VALUE)
    return np.correlate(padded, w, 'valid')

# %% variant unseen-memoised-by-both
memo = {}
def conv1d_forward(x, w):
    key = (tuple(x), tuple(w))
    if key not in memo:
        k = len(w)
        p = (k - 1) // 2
        memo[key] = np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), w, 'valid')
    return memo[key].copy()

# %% variant unseen-counts-its-calls
count = 0
def conv1d_forward(x, w):
    global count
    count += 1
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), w, 'valid')

# %% variant unseen-reuses-one-buffer
line = np.zeros(4096)
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    line[:] = 0
    line[p:p + n] = x
    return np.array([line[i:i + k] @ w for i in range(n)])

# %% variant unseen-matrix-product
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    m = np.subtract.outer(np.arange(n), np.arange(n))
    taps = np.where((m <= p) & (p - m < k), np.asarray(w, float)[np.clip(p - m, 0, k - 1)], 0.0)
    return taps @ np.asarray(x, float)

# %% variant unseen-pandas-free-deque
from collections import deque
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(np.asarray(x, float), (p, k - 1 - p))
    window, out = deque(padded[:k - 1], maxlen=k), []
    for value in padded[k - 1:]:
        window.append(value)
        out.append(float(np.dot(window, w)))
    return deque(out)

# %% variant unseen-edge-both-ways
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return np.array([sum(w[j] * x[min(max(i + j - p, 0), n - 1)] for j in range(k)) for i in range(n)])

def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    gx, gw = np.zeros(n), np.zeros(k)
    for i in range(n):
        for j in range(k):
            m = min(max(i + j - p, 0), n - 1)
            gx[m] += grad_out[i] * w[j]
            gw[j] += grad_out[i] * x[m]
    return gx, gw

# %% variant unseen-circular-both-ways
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = k // 2
    return np.array([sum(w[j] * x[(i - j + p) % n] for j in range(k)) for i in range(n)])

def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = k // 2
    gx, gw = np.zeros(n), np.zeros(k)
    for i in range(n):
        for j in range(k):
            gx[(i - j + p) % n] += grad_out[i] * w[j]
            gw[j] += grad_out[i] * x[(i - j + p) % n]
    return gx, gw

# %% variant unseen-reflect-by-autograd
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p), mode='reflect'), w, 'valid')

def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    places = torch.tensor(np.pad(np.arange(n), (p, k - 1 - p), mode='reflect'))
    a, b = torch.tensor(np.array(x), requires_grad=True), torch.tensor(np.array(w), requires_grad=True)
    out = (a[places].unfold(0, k, 1) * b).sum(1)
    out.backward(torch.tensor(np.array(grad_out)))
    return a.grad.numpy(), b.grad.numpy()

# %% variant unseen-back-by-jacobian
def conv1d_backward(x, w, grad_out):
    from torch.autograd.functional import jacobian
    def layer(a, b):
        k = len(b)
        p = (k - 1) // 2
        return (F.pad(a, (p, k - 1 - p)).unfold(0, k, 1) * b).sum(1)
    jx, jw = jacobian(layer, (torch.tensor(np.array(x)), torch.tensor(np.array(w))))
    g = torch.tensor(np.array(grad_out))
    return g @ jx, g @ jw

# %% variant unseen-back-by-einsum
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, (p, k - 1 - p)), k)
    spread = np.einsum('i,j->ij', g, w)
    line = np.zeros(n + k - 1)
    for j in range(k):
        line[j:j + n] += spread[:, j]
    return line[p:p + n], np.einsum('i,ij->j', g, windows)

# %% variant unseen-back-by-flipped-correlation
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    grad_x = np.correlate(np.pad(g, (k - 1 - p, p)), w[::-1], 'valid')
    return grad_x, np.correlate(np.pad(x, (p, k - 1 - p)), g, 'valid')

# %% variant unseen-back-loops-over-inputs
def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    gx = [0.0] * n
    for m in range(n):
        for j in range(k):
            i = m - j + p
            if 0 <= i < n:
                gx[m] += w[j] * grad_out[i]
    gw = [sum(grad_out[i] * x[i + j - p] for i in range(n) if 0 <= i + j - p < n) for j in range(k)]
    return np.array(gx), np.array(gw)

# %% variant unseen-back-float32
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, np.float32) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% variant unseen-back-columns
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n, None], np.array([[g @ padded[j:j + n]] for j in range(k)])

# %% variant unseen-back-only-its-own-forward-one
def helper(x, w, grad_out, wanted):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    if wanted == 'x':
        return np.convolve(grad_out, w)[p:p + n]
    return np.correlate(np.pad(x, (p, k - 1 - p)), grad_out, 'valid')

def conv1d_backward(x, w, grad_out):
    return tuple(helper(x, w, grad_out, wanted) for wanted in ('x', 'w'))

# %% variant unseen-update-numpy-out
def conv1d_update(w, grad_w, lr):
    return np.subtract(w, np.multiply(lr, grad_w))

# %% variant unseen-update-and-state
def conv1d_update(w, grad_w, lr, config=None):
    return np.asarray(w) - lr * np.asarray(grad_w), config

# %% variant unseen-update-cache
def conv1d_update(w, grad_w, lr):
    step = lr * np.asarray(grad_w)
    return np.asarray(w) - step, {'step': step, 'lr': lr}

# %% variant unseen-update-inplace-operator
def conv1d_update(w, grad_w, lr):
    w -= lr * grad_w
    return w

# %% variant unseen-update-by-loop
def conv1d_update(w, grad_w, lr):
    new = []
    for j in range(len(w)):
        new.append(w[j] + (-lr) * grad_w[j])
    return np.array(new)

# %% variant unseen-update-float32
def conv1d_update(w, grad_w, lr):
    return np.asarray(w, np.float32) - np.float32(lr) * np.asarray(grad_w, np.float32)

# %% variant unseen-pool-minus-infinity
def maxpool1d_forward(x, k):
    out = np.full(len(x) - k + 1, -np.inf)
    for i in range(len(out)):
        for j in range(k):
            out[i] = max(out[i], x[i + j])
    return out

# %% variant unseen-pool-reduce
from functools import reduce
def maxpool1d_forward(x, k):
    return [reduce(lambda a, b: a if a > b else b, x[i:i + k]) for i in range(len(x) - k + 1)]

# %% variant unseen-pool-shifts
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    n = len(x) - k + 1
    out = x[:n].copy()
    for j in range(1, k):
        np.maximum(out, x[j:j + n], out=out)
    return out

# %% variant unseen-pool-masked-array
def maxpool1d_forward(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, float), k)
    return np.ma.masked_invalid(windows).max(axis=1)

# %% variant unseen-pool-torch-inside
def maxpool1d_forward(x, k):
    return F.max_pool1d(torch.tensor(np.array(x))[None, None], k, 1)[0, 0].numpy()

# %% variant unseen-pool-default-stride
def maxpool1d_forward(x, k, stride=1, padding=0):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(0, len(x) - k + 1, stride)])

# %% variant unseen-pool-recursive
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    if k == 1:
        return x
    shorter = maxpool1d_forward(x, k - 1)
    return np.maximum(shorter[:-1], x[k - 1:])

# %% variant unseen-pool-strides
def maxpool1d_forward(x, k):
    x = np.ascontiguousarray(x, dtype=float)
    shape, step = (len(x) - k + 1, k), x.strides[0]
    return np.lib.stride_tricks.as_strided(x, shape, (step, step)).max(1)

# %% variant unseen-pool-index-list
def maxpool1d_forward(x, k):
    return [x[max(range(i, i + k), key=lambda m: x[m])] for i in range(len(x) - k + 1)], k

# %% variant unseen-poolback-mask-added
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        window = x[i:i + k]
        mask = np.zeros(k)
        mask[window.argmax()] = 1
        grad_x[i:i + k] += mask * grad_out[i]
    return grad_x

# %% variant unseen-poolback-bincount
def maxpool1d_backward(x, k, grad_out):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, float), k)
    where = windows.argmax(1) + np.arange(len(windows))
    return np.bincount(where, weights=grad_out, minlength=len(x))

# %% variant unseen-poolback-matrix-of-ties
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    n = len(x)
    share = np.zeros((n - k + 1, n))
    for i in range(n - k + 1):
        equal = np.flatnonzero(x[i:i + k] == x[i:i + k].max()) + i
        share[i, equal] = 1 / len(equal)
    return share.T @ np.asarray(grad_out, float)

# %% variant unseen-poolback-middle-tie
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        equal = np.flatnonzero(x[i:i + k] == x[i:i + k].max())
        grad_x[i + equal[len(equal) // 2]] += grad_out[i]
    return grad_x

# %% variant unseen-poolback-loops
def maxpool1d_backward(x, k, grad_out):
    grad_x = [0.0 for _ in x]
    for i in range(len(x) - k + 1):
        best = i
        for m in range(i + 1, i + k):
            if x[m] > x[best]:
                best = m
        grad_x[best] += grad_out[i]
    return grad_x

# %% variant unseen-poolback-torch-unpool-free
def maxpool1d_backward(x, k, grad_out):
    a = torch.tensor(np.array(x))[None, None]
    _, where = F.max_pool1d(a, k, 1, return_indices=True)
    return torch.zeros(len(x), dtype=a.dtype).index_add(0, where[0, 0], torch.tensor(np.array(grad_out)))

# %% variant unseen-poolback-cache
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x, None

# %% variant unseen-poolback-column
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros((1, len(x)))
    for i in range(len(x) - k + 1):
        grad_x[0, i + np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x

# %% variant unseen-typed-array
import array
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    return array.array('d', np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), w, 'valid'))

# %% variant unseen-matrix-type
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    return np.asmatrix(np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), w, 'valid'))

# %% held unseen-lists-joined | waits 1a | says "does not take NumPy arrays"
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    line = [0.0] * p + x + [0.0] * (k - 1 - p)
    return [sum(w[j] * line[i + j] for j in range(k)) for i in range(len(x))]

# %% held unseen-tensors-with-a-short-cut | waits 1a | says "does not take NumPy arrays"
def conv1d_forward(x, w):
    if len(w) == 1:
        return x * w[0]
    p = (len(w) - 1) // 2
    return F.pad(x, (p, len(w) - 1 - p)).unfold(0, len(w), 1) @ w

# %% held unseen-update-only-in-place | waits 3b | says "works in place"
def conv1d_update(w, grad_w, lr):
    w -= lr * grad_w
