"""1(b), 3(d): max-pooling forward and backward."""

# %% mutant pool-strided | loses 1b | says "stride"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(0, len(x) - k + 1, k)])

# %% mutant pool-minimum | loses 1b | says "minimum"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].min() for i in range(len(x) - k + 1)])

# %% mutant pool-mean | loses 1b | says "mean"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].mean() for i in range(len(x) - k + 1)])

# %% mutant pool-median | loses 1b | says "not the maximum"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([np.median(x[i:i + k]) for i in range(len(x) - k + 1)])

# %% mutant pool-last-window-missing | loses 1b | says "last window"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(len(x) - k)])

# %% mutant pool-starts-at-zero | loses 1b | says "below 0"
def maxpool1d_forward(x, k):
    out = []
    for i in range(len(x) - k + 1):
        best = 0
        for j in range(k):
            if x[i + j] > best:
                best = x[i + j]
        out.append(float(best))
    return out

# %% mutant pool-absolute | loses 1b | says "absolute"
def maxpool1d_forward(x, k):
    x = np.abs(np.asarray(x, float))
    return np.array([x[i:i + k].max() for i in range(len(x) - k + 1)])

# %% mutant pool-index | loses 1b | says "place"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([i + x[i:i + k].argmax() for i in range(len(x) - k + 1)])

# %% mutant pool-same-length | loses 1b | says "N - k \+ 1"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(len(x))])

# %% mutant pool-padded-with-zeros | loses 1b | says "N - k \+ 1"
def maxpool1d_forward(x, k):
    x = np.pad(np.asarray(x, float), (0, k - 1))
    return np.array([x[i:i + k].max() for i in range(len(x) - k + 1)])

# %% mutant pool-window-too-small | loses 1b | says "k - 1"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + max(k - 1, 1)].max() for i in range(len(x) - k + 1)])

# %% mutant pool-window-too-large | loses 1b | says "k \+ 1"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + k + 1].max() for i in range(len(x) - k + 1)])

# %% mutant pool-running-maximum | loses 1b | says "from the beginning|not the maximum"
def maxpool1d_forward(x, k):
    return np.maximum.accumulate(np.asarray(x, float))[k - 1:]

# %% mutant pool-global-maximum | loses 1b | says "whole signal|not the maximum"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.full(len(x) - k + 1, x.max())

# %% mutant pool-window-sorted-in-place | loses 1b | says "changes its arguments"
def maxpool1d_forward(x, k):
    out = [max(float(v) for v in x[i:i + k]) for i in range(len(x) - k + 1)]
    x[0] = 0
    return out

# %% mutant pool-ignores-k | loses 1b | says "k = 3|N - k"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([x[i:i + 3].max() for i in range(len(x) - 2)])

# %% mutant pool-fixed-k-raises | loses 1b | says "k = 3"
def maxpool1d_forward(x, k):
    assert k == 3
    x = np.asarray(x, float)
    return np.array([x[i:i + k].max() for i in range(len(x) - k + 1)])

# %% mutant pool-keeps-state | loses 1b | says "called again"
best_so_far = [-1e9]
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    out = np.array([max(x[i:i + k].max(), best_so_far[0]) for i in range(len(x) - k + 1)])
    best_so_far[0] = max(best_so_far[0], x.max())
    return out

# %% mutant pool-softmax-like | loses 1b | says "not the maximum|digits"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([np.log(np.exp(x[i:i + k]).sum()) for i in range(len(x) - k + 1)])

# %% mutant pool-whole-numbers | loses 1b | says "whole numbers"
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return np.array([int(x[i:i + k].max()) for i in range(len(x) - k + 1)])

# %% variant pool-by-loops
def maxpool1d_forward(x, k):
    out = []
    for i in range(len(x) - k + 1):
        best = x[i]
        for j in range(1, k):
            if x[i + j] >= best:
                best = x[i + j]
        out.append(best)
    return out

# %% variant pool-with-indices
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    where = np.array([i + x[i:i + k].argmax() for i in range(len(x) - k + 1)])
    return x[where], where

# %% variant pool-with-indices-as-list
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    where = np.array([i + x[i:i + k].argmax() for i in range(len(x) - k + 1)])
    return [x[where], where]

# %% variant pool-with-mask
def maxpool1d_forward(x, k, return_indices=True):
    x = np.asarray(x, float)
    out = np.array([x[i:i + k].max() for i in range(len(x) - k + 1)])
    mask = np.array([[x[m] == out[i] for m in range(len(x))] for i in range(len(out))])
    return out, mask

# %% variant pool-by-torch
def maxpool1d_forward(x, k):
    x = torch.as_tensor(x)
    return F.max_pool1d(x.view(1, 1, -1), kernel_size=k, stride=1).view(-1)

# %% variant pool-by-torch-with-indices
def maxpool1d_forward(x, k):
    x = torch.as_tensor(x)
    return F.max_pool1d(x.view(1, 1, -1), kernel_size=k, stride=1, return_indices=True)

# %% variant pool-by-unfold
def maxpool1d_forward(x, k):
    return torch.as_tensor(x).unfold(0, k, 1).max(dim=1)

# %% held pool-by-unfold-values | waits 1b | says "does not take NumPy arrays"
def maxpool1d_forward(x, k):
    return x.unfold(0, k, 1).amax(dim=1)

# %% variant pool-sliding-windows
def maxpool1d_forward(x, k=2):
    return np.lib.stride_tricks.sliding_window_view(np.asarray(x, float), k).max(axis=-1)

# %% variant pool-deque
from collections import deque
def maxpool1d_forward(x, k):
    queue, out = deque(), []
    for i in range(len(x)):
        while queue and x[queue[-1]] <= x[i]:
            queue.pop()
        queue.append(i)
        if queue[0] <= i - k:
            queue.popleft()
        if i >= k - 1:
            out.append(float(x[queue[0]]))
    return out

# %% mutant poolback-overwrites | loses 3d | says "several windows"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] = grad_out[i]
    return grad_x

# %% mutant poolback-fancy-index | loses 3d | says "several windows"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    where = np.array([i + x[i:i + k].argmax() for i in range(len(x) - k + 1)])
    grad_x = np.zeros(len(x))
    grad_x[where] += np.asarray(grad_out, float)
    return grad_x

# %% mutant poolback-place-in-window | loses 3d | says "window's"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x

# %% mutant poolback-negative | loses 3d | says "sign"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] -= grad_out[i]
    return grad_x

# %% mutant poolback-all-of-window | loses 3d | says "every sample"
def maxpool1d_backward(x, k, grad_out):
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i:i + k] += float(grad_out[i])
    return grad_x

# %% mutant poolback-mean | loses 3d | says "mean pooling"
def maxpool1d_backward(x, k, grad_out):
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i:i + k] += float(grad_out[i]) / k
    return grad_x

# %% mutant poolback-minimum | loses 3d | says "minimum"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmin(x[i:i + k])] += grad_out[i]
    return grad_x

# %% mutant poolback-times-maximum | loses 3d | says "slope"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        m = i + np.argmax(x[i:i + k])
        grad_x[m] += grad_out[i] * x[m]
    return grad_x

# %% mutant poolback-ones | loses 3d | says "multiply"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += 1
    return grad_x

# %% mutant poolback-mask-only | loses 3d | says "several|1 at the maxima|0 or 1|not go"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] = 1
    return grad_x

# %% mutant poolback-zeros | loses 3d | says "zeros"
def maxpool1d_backward(x, k, grad_out):
    return np.zeros(len(x))

# %% mutant poolback-last-window-missing | loses 3d | says "last window|not go"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k):
        grad_x[i + np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x

# %% mutant poolback-output-length | loses 3d | says "N samples"
def maxpool1d_backward(x, k, grad_out):
    return np.asarray(grad_out, float)

# %% mutant poolback-shifted | loses 3d | says "not go|shifted"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x) + 1)
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k]) + 1] += grad_out[i]
    return grad_x[:len(x)]

# %% mutant poolback-every-tie | loses 3d | says "add up"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        window = x[i:i + k]
        grad_x[i:i + k] += (window == window.max()) * float(grad_out[i])
    return grad_x

# %% mutant poolback-ties-get-nothing | loses 3d | says "add up"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        window = x[i:i + k]
        if (window == window.max()).sum() == 1:
            grad_x[i + window.argmax()] += grad_out[i]
    return grad_x

# %% mutant poolback-adds-up-over-calls | loses 3d | says "called again"
sums = {}
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = sums.setdefault(len(x), np.zeros(len(x)))
    for i in range(len(x) - k + 1):
        grad_x[i + np.argmax(x[i:i + k])] += grad_out[i]
    return grad_x.copy()

# %% mutant poolback-clears-cotangent | loses 3d | says "changes its arguments"
def maxpool1d_backward(x, k, grad_out):
    values = [float(v) for v in x]
    grad_x = [0.0] * len(values)
    for i in range(len(values) - k + 1):
        window = values[i:i + k]
        grad_x[i + window.index(max(window))] += float(grad_out[i])
        grad_out[i] = 0
    return grad_x

# %% mutant poolback-relu-like | loses 3d | says "not go|negative"
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        m = i + np.argmax(x[i:i + k])
        if x[m] > 0:
            grad_x[m] += grad_out[i]
    return grad_x

# %% variant poolback-last-tie
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        grad_x[i + k - 1 - np.argmax(x[i:i + k][::-1])] += grad_out[i]
    return grad_x

# %% variant poolback-ties-split
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        mask = x[i:i + k] == x[i:i + k].max()
        grad_x[i:i + k] += mask / mask.sum() * float(grad_out[i])
    return grad_x

# %% variant poolback-ties-split-unevenly
def maxpool1d_backward(x, k, grad_out):
    x = np.asarray(x, float)
    grad_x = np.zeros(len(x))
    for i in range(len(x) - k + 1):
        mask = (x[i:i + k] == x[i:i + k].max()) * np.arange(1, k + 1)
        grad_x[i:i + k] += mask / mask.sum() * float(grad_out[i])
    return grad_x

# %% variant poolback-add-at
def maxpool1d_backward(x, k, grad_out):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, float), k)
    grad_x = np.zeros(len(x))
    np.add.at(grad_x, windows.argmax(axis=1) + np.arange(len(windows)), np.asarray(grad_out, float))
    return grad_x

# %% variant poolback-by-autograd
def maxpool1d_backward(x, k, grad_out):
    x = torch.tensor(np.asarray(x), requires_grad=True)
    out = F.max_pool1d(x.view(1, 1, -1), k, stride=1).view(-1)
    (gradient,) = torch.autograd.grad(out, x, torch.as_tensor(np.asarray(grad_out)))
    return gradient

# %% held poolback-scatter | waits 3d | says "does not take NumPy arrays"
def maxpool1d_backward(x, k, grad_out):
    where = x.unfold(0, k, 1).argmax(dim=1) + torch.arange(len(x) - k + 1)
    return torch.zeros_like(x).scatter_add(0, where, grad_out)

# %% variant poolback-by-matrix
def maxpool1d_backward(x, k, grad_out):
    n = len(x)
    matrix = np.zeros((n - k + 1, n))
    for i in range(n - k + 1):
        matrix[i, i + int(np.argmax(np.asarray(x, float)[i:i + k]))] = 1
    return matrix.T @ np.asarray(grad_out, float)

# %% variant poolback-as-list
def maxpool1d_backward(x, k, grad_out):
    grad_x = [0] * len(x)
    for i in range(len(x) - k + 1):
        best = max(range(i, i + k), key=lambda m: float(x[m]))
        grad_x[best] = grad_x[best] + float(grad_out[i])
    return grad_x

# %% variant poolback-own-forward-same
def maxpool1d_forward(x, k):
    x = np.asarray(x, float)
    return x[[i + x[i:i + k].argmax() for i in range(len(x) - k + 1)]]

def maxpool1d_backward(x, k, grad_out):
    x, out = np.asarray(x, float), maxpool1d_forward(x, k)
    grad_x = np.zeros(len(x))
    for i, value in enumerate(out):
        for m in range(i, i + k):
            if x[m] == value:
                grad_x[m] += grad_out[i]
                break
    return grad_x
