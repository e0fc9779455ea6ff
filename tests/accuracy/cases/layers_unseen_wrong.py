"""1(a), 1(b), 3(a), 3(b), 3(d): wrong answers of kinds that are seldom tried (issue 15, section 4)."""

# %% mutant unseen-slice-is-view | loses 1a | says "overwrites its argument"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = x[:]
    for i in range(n):
        out[i] = sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n)
    return out

# %% mutant unseen-first-seven-taps | loses 1a | says "k up to 7"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([sum(w[j] * padded[i + j] for j in range(min(k, 7))) for i in range(n)])

# %% mutant unseen-first-eleven-taps | loses 1a | says "k up to 11"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([padded[i:i + k][:11] @ w[:11] for i in range(len(x))])

# %% mutant unseen-fifteen-taps-raises | loses 1a | says "k up to 15"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    assert k < 16
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-signal-of-twelve | loses 1a | says "N up to 12"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    p = (k - 1) // 2
    buffer = np.zeros(64)
    buffer[p:p + min(n, 12)] = x[:12]
    return np.array([buffer[i:i + k] @ w for i in range(n)])

# %% mutant unseen-k-equals-n-wrong | loses 1a | says "k < N"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    if k == n and n > 1:
        return np.full(n, x @ w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-same-swaps-when-k-is-n | loses 1a | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = k // 3
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-even-pads-both-sides-and-cuts-left | loses 1a | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    out = np.correlate(np.pad(x, k // 2), w, 'valid')
    return out[:n] if k % 2 else out[-n:][::-1]

# %% mutant unseen-cached-by-signal | loses 1a | says ""
seen = {}
def conv1d_forward(x, w):
    key = tuple(float(v) for v in x)
    if key not in seen:
        k = len(w)
        p = (k - 1) // 2
        seen[key] = np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), np.asarray(w, float), 'valid')
    return seen[key]

# %% mutant unseen-cached-by-kernel | loses 1a | says ""
kernels = {}
def conv1d_forward(x, w):
    key = tuple(float(v) for v in w)
    if key not in kernels or len(kernels[key]) != len(x):
        k = len(w)
        p = (k - 1) // 2
        kernels[key] = np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), np.asarray(w, float), 'valid')
    return kernels[key]

# %% mutant unseen-last-kernel-kept | loses 1a | says ""
last = [None]
def conv1d_forward(x, w):
    if last[0] is None or len(last[0]) != len(w):
        last[0] = np.array(w, float)
    w = last[0]
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(np.asarray(x, float), (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-pads-with-last-sample | loses 1a | says "ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), constant_values=x[-1]), w, 'valid')

# %% mutant unseen-pads-with-linear-ramp | loses 1a | says "k up to 3|ends"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p), mode='linear_ramp'), w, 'valid')

# %% mutant unseen-negative-index-wraps | loses 1a | says "ends"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return np.array([sum(w[j] * x[i + j - p] for j in range(k) if i + j - p < n) for i in range(n)])

# %% mutant unseen-renormalised-at-the-ends | loses 1a | says "ends"
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.zeros(n)
    for i in range(n):
        taps = [j for j in range(k) if 0 <= i + j - p < n]
        out[i] = sum(w[j] * x[i + j - p] for j in taps) * k / len(taps)
    return out

# %% mutant unseen-absolute-kernel | loses 1a | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.abs(np.asarray(w, float))
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-unsigned | loses 1a | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid').astype(np.uint8)

# %% mutant unseen-sigmoid | loses 1a | says "linear"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.tanh(np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid'))

# %% mutant unseen-returns-padded-input-first | loses 1a | says "length|N \+ k - 1"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return padded, np.correlate(padded, w, 'valid')

# %% mutant unseen-complex | loses 1a | says "complex numbers"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    n, k = len(x), len(w)
    size = n + k - 1
    return (np.fft.fft(x, size) * np.fft.fft(w[::-1], size))[:n]

# %% mutant unseen-text | loses 1a | says "text"
def conv1d_forward(x, w):
    return str(np.convolve(x, w, 'same'))

# %% mutant unseen-none-for-even | loses 1a | says "odd"
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    if k % 2 == 1:
        return np.correlate(np.pad(x, k // 2), w, 'valid')

# %% mutant unseen-order-of-arguments | loses 1a | says ""
def conv1d_forward(w, x):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')

# %% mutant unseen-trims-zeros | loses 1a | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    k = len(w)
    p = (k - 1) // 2
    out = np.correlate(np.pad(x, (p, k - 1 - p)), w, 'valid')
    return out[out > 0]

# %% mutant unseen-window-sorted-in-place | loses 1b | says "overwrites its argument|changes"
def maxpool1d_forward(x, k):
    out = []
    for i in range(len(x) - k + 1):
        window = x[i:i + k]
        window.sort()
        out.append(window[-1])
    return out

# %% mutant unseen-pool-up-to-nine | loses 1b | says "k up to 9"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k][:9].max() for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-zero-padded-same | loses 1b | says "N - k \+ 1"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.array([padded[i:i + k].max() for i in range(len(x))])

# %% mutant unseen-pool-initial-minus-one | loses 1b | says ""
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([np.max(x[i:i + k], initial=-1) for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-neighbours-only | loses 1b | says ""
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([max(x[i], x[i + k - 1]) for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-second-largest | loses 1b | says ""
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([np.sort(x[i:i + k])[-2:][0] for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-rounded-up | loses 1b | says "whole numbers|digits"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([np.ceil(x[i:i + k].max()) for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-sorted-output | loses 1b | says ""
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.sort([x[i:i + k].max() for i in range(len(x) - k + 1)])

# %% mutant unseen-pool-generator-of-none | loses 1b | says "nothing"
def maxpool1d_forward(x, k):
    out = [max(x[i:i + k]) for i in range(len(x) - k + 1)]
    print(out)

# %% mutant unseen-pool-strided-by-two | loses 1b | says ""
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(0, len(x) - k + 1, 2)])

# %% mutant unseen-zero-input-edge-kernel | loses 3b | says "own forward|adjoint"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p), mode='edge')
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-up-to-seven | loses 3a, 3b | says "k up to 7"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    xp, gp, gw = np.pad(x, (p, k - 1 - p)), np.zeros(n + k - 1), np.zeros(k)
    for i in range(n):
        for j in range(min(k, 7)):
            gp[i + j] += g[i] * w[j]
            gw[j] += g[i] * xp[i + j]
    return gp[p:p + n], gw

# %% mutant unseen-back-with-own-x-and-w-exchanged | loses 3a, 3b | says ""
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    return np.convolve(g, x)[:n], np.convolve(g, w)[:k]

# %% mutant unseen-back-scaled-by-rate | loses 3a, 3b | says ""
def conv1d_backward(x, w, grad_out, lr=0.1):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return lr * np.convolve(g, w)[p:p + n], lr * np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-returns-updated-kernel | loses 3b | says ""
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], w - 0.1 * np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-kernel-none | loses 3b | says "nothing|one result"
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    p = (len(w) - 1) // 2
    return np.convolve(g, w)[p:p + len(x)], None

# %% mutant unseen-back-uses-last-forward | loses 3b | says ""
kept = {}
def conv1d_forward(x, w):
    kept['x'] = np.array(x, float)
    k = len(w)
    p = (k - 1) // 2
    return np.correlate(np.pad(kept['x'], (p, k - 1 - p)), np.asarray(w, float), 'valid')

def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    g, w = np.asarray(grad_out, float), np.asarray(w, float)
    padded = np.pad(np.resize(kept['x'], n), (p, k - 1 - p))
    return np.convolve(g, w)[p:p + n], np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-sum-of-gradient | loses 3a | says ""
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.pad(x, (p, k - 1 - p))
    return np.full(n, g.sum()), np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-assigns-input | loses 3a | says ""
def conv1d_backward(x, w, grad_out):
    x, w, g = (np.asarray(v, float) for v in (x, w, grad_out))
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded, gx = np.pad(x, (p, k - 1 - p)), np.zeros(n)
    for i in range(n):
        for j in range(k):
            if 0 <= i + j - p < n:
                gx[i + j - p] = g[i] * w[j]
    return gx, np.array([g @ padded[j:j + n] for j in range(k)])

# %% mutant unseen-back-int-buffer | loses 3a, 3b | says "whole numbers"
def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    gx, gw = np.zeros(n, dtype=int), np.zeros(k, dtype=int)
    for m in range(n):
        gx[m] = sum(grad_out[i] * w[m - i + p] for i in range(n) if 0 <= m - i + p < k)
    for j in range(k):
        gw[j] = sum(grad_out[i] * x[i + j - p] for i in range(n) if 0 <= i + j - p < n)
    return gx, gw

# %% mutant unseen-all-zeros | loses 1a, 1b, 3a, 3b, 3d | says ""
def conv1d_forward(x, w):
    return np.zeros(len(x))

def maxpool1d_forward(x, k):
    return np.zeros(len(x) - k + 1)

def conv1d_backward(x, w, grad_out):
    return np.zeros(len(x)), np.zeros(len(w))

def conv1d_update(w, grad_w, lr):
    return w

def maxpool1d_backward(x, k, grad_out):
    return np.zeros(len(x))

# %% mutant unseen-identity | loses 1a, 1b, 3a, 3b, 3d | says ""
def conv1d_forward(x, w):
    return np.asarray(x, float)

def maxpool1d_forward(x, k):
    return np.asarray(x, float)[:len(x) - k + 1]

def conv1d_backward(x, w, grad_out):
    return np.asarray(grad_out, float), np.zeros(len(w))

def conv1d_update(w, grad_w, lr):
    return w

def maxpool1d_backward(x, k, grad_out):
    return np.concatenate([np.asarray(grad_out, float), np.zeros(k - 1)])

# %% mutant unseen-plausible-lengths | loses 1a, 3a, 3b | says ""
def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float)
    xp = np.pad(x, len(w))
    return np.array([xp[i:i + len(w)] @ w for i in range(len(xp) - len(w) + 1)])

def conv1d_backward(x, w, grad_out):
    return np.asarray(grad_out) * 0, np.asarray(w) * 0

# %% mutant unseen-garbage-lengths | loses 1a, 3a, 3b | says ""
def conv1d_forward(x, w):
    return np.zeros(len(x) + 1)

def conv1d_backward(x, w, grad_out):
    return np.zeros(len(x)) + 7, np.zeros(len(w)) + 7

# %% mutant unseen-scalars | loses 1a, 1b, 3a, 3b, 3d | says ""
def conv1d_forward(x, w):
    return 0.0

def maxpool1d_forward(x, k):
    return 0.0

def conv1d_backward(x, w, grad_out):
    return 0.0, 0.0

def conv1d_update(w, grad_w, lr):
    return w

def maxpool1d_backward(x, k, grad_out):
    return 0.0

# %% mutant unseen-update-rate-of-signal | loses 3b | says ""
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - lr * np.asarray(grad_w).mean()

# %% mutant unseen-update-first-eight | loses 3b | says ""
def conv1d_update(w, grad_w, lr):
    w = np.array(w, float)
    for j in range(min(len(w), 8)):
        w[j] -= lr * grad_w[j]
    return w

# %% mutant unseen-update-clipped | loses 3b | says ""
def conv1d_update(w, grad_w, lr):
    return np.asarray(w) - lr * np.clip(grad_w, -1, 1)

# %% mutant unseen-update-returns-float | loses 3b | says ""
def conv1d_update(w, grad_w, lr):
    return float(np.sum(np.asarray(w) - lr * np.asarray(grad_w)))

# %% mutant unseen-poolback-window-mask | loses 3d | says "written over"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i:i + k] = (x[i:i + k] == x[i:i + k].max()) * grad_out[i]
    return grad_x

# %% mutant unseen-poolback-mask-of-output | loses 3d | says ""
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        best = x[i:i + k].max()
        grad_x[x == best] = grad_out[i]
    return grad_x

# %% mutant unseen-poolback-keeps-largest | loses 3d | says "one of them"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        m = i + np.argmax(x[i:i + k])
        if abs(grad_out[i]) > abs(grad_x[m]):
            grad_x[m] = grad_out[i]
    return grad_x

# %% mutant unseen-poolback-neighbour-at-ties | loses 3d | says "not a maximum"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        window = x[i:i + k]
        m = i + int(np.argmax(window))
        if (window == window.max()).sum() > 1:
            m = (i + k) % len(x)
        grad_x[m] += grad_out[i]
    return grad_x

# %% mutant unseen-poolback-equal-values-anywhere | loses 3d | says "not a maximum"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        mask = x == x[i:i + k].max()
        grad_x += mask / mask.sum() * grad_out[i]
    return grad_x

# %% mutant unseen-poolback-up-to-five | loses 3d | says "k up to 5"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k][:5])] += grad_out[i]
    return grad_x

# %% mutant unseen-poolback-from-output-only | loses 3d | says ""
def maxpool1d_backward(x, k, grad_out):
    grad_x = np.zeros(len(x))
    grad_x[:len(grad_out)] += grad_out
    return grad_x

# %% mutant unseen-poolback-doubled | loses 3d | says ""
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += 2 * grad_out[i]
    return grad_x

# %% mutant unseen-poolback-absolute | loses 3d | says ""
def maxpool1d_backward(x, k, grad_out):
    x = np.abs(np.asarray(x, float))
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x

# %% mutant unseen-poolback-clears-x | loses 3d | says "changes"
def maxpool1d_backward(x, k, grad_out):
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += grad_out[i]
    x[:] = 0
    return grad_x
