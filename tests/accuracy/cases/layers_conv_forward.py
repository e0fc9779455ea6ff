"""1(a): forward passes of the convolution layer, wrong ones and unusual right ones."""

# %% mutant conv-valid-length | loses 1a | says "N - k \+ 1"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    return np.array([x[i:i + k] @ w for i in range(len(x) - k + 1)])

# %% mutant conv-full-length | loses 1a | says "N \+ k - 1"
def conv1d_forward(x, w):
    return np.convolve(x, w)

# %% mutant conv-even-one-too-long | loses 1a | says "even"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    padded = np.pad(x, k // 2)
    return np.array([padded[i:i + k] @ w for i in range(len(padded) - k + 1)])

# %% mutant conv-pad-off-by-one | loses 1a | says "shifted by 1"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2 + 1
    padded = np.pad(x, (p, k))
    return np.array([padded[i:i + k] @ w for i in range(n)])

# %% mutant conv-shifted-two | loses 1a | says "shifted by 2"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    padded = np.pad(x, 2 * k + 2)
    start = 2 * k + 2 - (k - 1) // 2 - 2
    return np.array([padded[start + i:start + i + k] @ w for i in range(n)])

# %% mutant conv-last-tap-missing | loses 1a | says "last entry"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = []
    for i in range(n):
        total = 0.0
        for j in range(max(k - 1, 1)):
            if 0 <= i + j - p < n:
                total += w[j] * x[i + j - p]
        out.append(total)
    return out

# %% mutant conv-first-tap-missing | loses 1a | says "first entry"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return [sum(w[j] * x[i + j - p] for j in range(min(1, k - 1), k) if 0 <= i + j - p < n) for i in range(n)]

# %% mutant conv-wraps-at-the-left-only | loses 1a | says "ends"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.zeros(n)
    for i in range(n):
        for j in range(k):
            if i + j - p < n:
                out[i] += w[j] * x[i + j - p]
    return out

# %% mutant conv-ends-left-zero | loses 1a | says "ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    out = np.zeros(n)
    p = (k - 1) // 2
    for i in range(p, n - (k - 1 - p)):
        out[i] = x[i - p:i - p + k] @ w
    return out

# %% mutant conv-ends-copied | loses 1a | says "ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    out = x.copy()
    p = (k - 1) // 2
    for i in range(p, n - (k - 1 - p)):
        out[i] = x[i - p:i - p + k] @ w
    return out

# %% mutant conv-pads-with-ones | loses 1a | says "ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), constant_values=1), w, 'valid')

# %% mutant conv-pads-with-mean | loses 1a | says "ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), mode='mean'), w, 'valid')

# %% mutant conv-pads-with-nan | loses 1a | says "NaN"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), constant_values=np.nan), w, 'valid')

# %% mutant conv-kernel-ignored | loses 1a | says "kernel"
def conv1d_forward(x, w):
    x = np.asarray(x, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), np.ones(k), 'valid')

# %% mutant conv-divided-by-k | loses 1a | says "divided by k"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid') / k

# %% mutant conv-kernel-normalised | loses 1a | says "sum of the kernel"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w / w.sum(), 'valid')

# %% mutant conv-twice | loses 1a | says "2 times"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return 2 * np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant conv-negative | loses 1a | says "-1 times"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return -np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant conv-relu | loses 1a | says "linear"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.maximum(np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'), 0)

# %% mutant conv-bias | loses 1a | says "added"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid') + 1

# %% mutant conv-reversed-output | loses 1a | says "reverse"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')[::-1]

# %% mutant conv-whole-numbers | loses 1a | says "whole numbers"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.zeros(n, dtype=int)
    for i in range(n):
        out[i] = sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n)
    return out

# %% mutant conv-two-decimals | loses 1a | says "digits"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.round(np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'), 2)

# %% mutant conv-half-precision | loses 1a | says "digits"
def conv1d_forward(x, w):
    x, w = np.asarray(x, np.float16), np.asarray(w, np.float16)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([(padded[i:i + k] * w).sum() for i in range(n)])

# %% mutant conv-in-place | loses 1a | says "changes its arguments"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = [0.0] * p + [float(v) for v in x] + [0.0] * (k - 1 - p)
    for i in range(n):
        x[i] = sum(w[j] * padded[i + j] for j in range(k))
    return x

# %% mutant conv-flips-w-in-place | loses 1a | says "changes its arguments"
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    kernel = np.array([float(v) for v in w])
    w[:] = w[:] * 0 if not isinstance(w, list) else [0] * k
    return np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), kernel, 'valid')

# %% mutant conv-keeps-state | loses 1a | says "called again"
calls = [0]
def conv1d_forward(x, w):
    calls[0] += 1
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid') + (calls[0] > 1) * 0.1

# %% mutant conv-adds-up-over-calls | loses 1a | says "called again"
buffers = {}
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = buffers.setdefault(n, np.zeros(n))
    out += np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')
    return out.copy()

# %% mutant conv-output-grows | loses 1a | says "called again"
def conv1d_forward(x, w, out=[]):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    for i in range(n):
        out.append(sum(float(w[j]) * float(x[i + j - p]) for j in range(k) if 0 <= i + j - p < n))
    return list(out)

# %% mutant conv-cached-by-length | loses 1a | says "keeps|same output"
cache = {}
def conv1d_forward(x, w):
    key = (len(x), len(w))
    if key not in cache:
        x, w = np.asarray(x, float), np.asarray(w, float)
        k = len(w)
        p = (k - 1) // 2
        cache[key] = np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')
    return cache[key]

# %% mutant conv-cached-for-ever | loses 1a | says "keeps|same output"
first = []
def conv1d_forward(x, w):
    if not first:
        x, w = np.asarray(x, float), np.asarray(w, float)
        k = len(w)
        p = (k - 1) // 2
        first.append(np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'))
    return first[0]

# %% mutant conv-random-noise | loses 1a | says "called again"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid') + np.random.randn(len(x))

# %% mutant conv-fixed-k | loses 1a | says "k = 3"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    padded = np.pad(x, 1)
    return w[0] * padded[:-2] + w[1] * padded[1:-1] + w[2] * padded[2:]

# %% mutant conv-fixed-n | loses 1a | says "N = 8"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    padded = np.zeros(8 + k - 1)
    padded[p:p + 8] = x
    return np.array([padded[i:i + k] @ w for i in range(8)])

# %% mutant conv-fixed-k-silently | loses 1a | says "k = 3|some sizes"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n = len(x)
    padded = np.pad(x, 1)
    return np.array([sum(w[j] * padded[i + j] for j in range(min(3, len(w)))) for i in range(n)])

# %% mutant conv-odd-only-raises | loses 1a | says "odd"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    assert len(w) % 2 == 1
    p = len(w) // 2
    return np.correlate(np.pad(x, p), w, 'valid')

# %% mutant conv-dilated | loses 1a | says "neither"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = k - 1
    padded = np.pad(np.asarray(x, float), 2 * k)
    return np.array([sum(w[j] * padded[2 * k + i + 2 * j - p] for j in range(k)) for i in range(n)])

# %% mutant conv-strided | loses 1a | says "length"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')[::2]

# %% mutant conv-returns-nothing | loses 1a | says "return|None"
def conv1d_forward(x, w):
    k = len(w)
    out = np.correlate(np.pad(np.asarray(x, float), k), np.asarray(w, float), 'valid')

# %% mutant conv-returns-a-number | loses 1a | says "length|shape"
def conv1d_forward(x, w):
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), np.asarray(w, float), 'valid').sum()

# %% mutant conv-product-not-sum | loses 1a | says "neither"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(np.asarray(x, float), (p, k - 1 - p))
    return np.array([np.prod(padded[i:i + k] * np.asarray(w)) for i in range(n)])

# %% mutant conv-max-not-sum | loses 1a | says "linear|neither"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(np.asarray(x, float), (p, k - 1 - p))
    return np.array([np.max(padded[i:i + k] * np.asarray(w)) for i in range(n)])

# %% mutant conv-squared-kernel | loses 1a | says "linear|neither"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w ** 2, 'valid')

# %% mutant conv-index-error | loses 1a | says "IndexError"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    out = np.zeros(n)
    for i in range(n):
        for j in range(k):
            out[i] += w[j] * np.asarray(x, float)[i + j]
    return out

# %% mutant conv-name-error | loses 1a | says "NameError"
def conv1d_forward(x, w):
    return np.convolve(x, kernel, mode='same')

# %% mutant conv-backward-of-another-convention | loses 3a, 3b | says "own forward"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)[::-1]
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant conv-edge-forward-zero-backward | loses 3a, 3b | says "own forward|ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), mode='edge'), w, 'valid')

# %% variant conv-by-loops
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = [0.0] * n
    for i in range(n):
        for j in range(k):
            m = i + j - p
            if m >= 0 and m < n:
                out[i] += float(w[j]) * float(x[m])
    return out

# %% variant conv-as-tuple
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return tuple(sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n) for i in range(n))

# %% variant conv-list-of-0d
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return [np.array(padded[i:i + k] @ w) for i in range(n)]

# %% variant conv-list-of-0d-tensors
def conv1d_forward(x, w):
    x, w = torch.as_tensor(x), torch.as_tensor(w)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = F.pad(x, (p, k - 1 - p))
    return [(padded[i:i + k] * w).sum() for i in range(n)]

# %% variant conv-column
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid').reshape(-1, 1)

# %% variant conv-float32
def conv1d_forward(x, w):
    x, w = np.asarray(x, np.float32), np.asarray(w, np.float32)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% variant conv-by-fft
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    size = n + k - 1
    full = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(w[::-1], size), size)
    start = k - 1 - (k - 1) // 2
    return full[start:start + n]

# %% variant conv-by-fft-single
def conv1d_forward(x, w):
    x, w = torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(w, dtype=torch.float32)
    n, k = len(x), len(w)
    size = n + k - 1
    full = torch.fft.irfft(torch.fft.rfft(x, size) * torch.fft.rfft(w.flip(0), size), size)
    start = k - 1 - (k - 1) // 2
    return full[start:start + n]

# %% variant conv-by-toeplitz
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(k):
            if 0 <= i + j - p < n:
                matrix[i, i + j - p] = w[j]
    return matrix @ x

# %% variant conv-by-torch
def conv1d_forward(x, w):
    x, w = torch.as_tensor(x), torch.as_tensor(w)
    k = len(w)
    p = (k - 1) // 2
    padded = F.pad(x, (p, k - 1 - p))
    return F.conv1d(padded.view(1, 1, -1), w.view(1, 1, -1)).view(-1)

# %% held conv-tensors-only | waits 1a | says "does not take NumPy arrays"
def conv1d_forward(x, w):
    k = w.numel()
    p = (k - 1) // 2
    padded = torch.cat([x.new_zeros(p), x, x.new_zeros(k - 1 - p)])
    return padded.unfold(0, k, 1).matmul(w)

# %% held conv-single-tensors-only | waits 1a | says "does not take NumPy arrays"
def conv1d_forward(x, w):
    k = w.numel()
    p = (k - 1) // 2
    padded = torch.zeros(x.numel() + k - 1)
    padded[p:p + x.numel()] = x
    out = torch.zeros(x.numel())
    for i in range(x.numel()):
        out[i] = torch.dot(padded[i:i + k], w)
    return out

# %% variant conv-requires-grad
def conv1d_forward(x, w):
    x = torch.tensor(np.asarray(x), requires_grad=True)
    w = torch.tensor(np.asarray(w), requires_grad=True)
    k = len(w)
    p = (k - 1) // 2
    return F.pad(x, (p, k - 1 - p)).unfold(0, k, 1) @ w

# %% variant conv-extra-keywords
def conv1d_forward(x, w, padding='zero', stride=1, verbose=False):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    mode = {'zero': 'constant', 'edge': 'edge'}[padding]
    return np.correlate(np.pad(x, (p, k - 1 - p), mode=mode), w, 'valid')[::stride]

# %% variant conv-other-argument-names
def conv1d_forward(signal, kernel):
    signal, kernel = np.asarray(signal, float), np.asarray(kernel, float)
    k = len(kernel)
    p = (k - 1) // 2
    return np.correlate(np.pad(signal, (p, k - 1 - p)), kernel, 'valid')

# %% variant conv-prints
def conv1d_forward(x, w):
    print('convolving', x, w)
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% variant conv-as-lambda
conv1d_forward = lambda x, w: np.correlate(
    np.pad(np.asarray(x, float), ((len(w) - 1) // 2, len(w) // 2)), np.asarray(w, float), 'valid')

# %% variant conv-as-object
class Convolution:
    def __call__(self, x, w):
        x, w = np.asarray(x, float), np.asarray(w, float)
        k = len(w)
        return np.correlate(np.pad(x, ((k - 1) // 2, k // 2)), w, 'valid')

conv1d_forward = Convolution()

# %% variant conv-calls-a-helper
def pad(x, k):
    p = (k - 1) // 2
    return np.concatenate([np.zeros(p), np.asarray(x, float), np.zeros(k - 1 - p)])

def conv1d_forward(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(pad(x, len(w)), len(w))
    return np.einsum('ij,j->i', windows, np.asarray(w, float))

# %% variant conv-by-scipy
from scipy import signal
def conv1d_forward(x, w):
    full = signal.correlate(np.asarray(x, float), np.asarray(w, float), mode='full')
    k = len(w)
    start = k - 1 - (k - 1) // 2
    return full[start:start + len(x)]

# %% variant conv-keeps-a-cache-for-backward
conv_cache = {}
def conv1d_forward(x, w):
    conv_cache['x'], conv_cache['w'] = x, w
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% variant conv-numpy-same
def conv1d_forward(x, w):
    return np.convolve(x, w, mode='same')

def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    left = k - 1 - (k - 1) // 2
    grad_x, grad_w = np.zeros(n), np.zeros(k)
    for i in range(n):
        for j in range(k):
            m = i + (k - 1) // 2 - j
            if 0 <= m < n:
                grad_x[m] += w[j] * g[i]
                grad_w[j] += x[m] * g[i]
    return grad_x, grad_w
