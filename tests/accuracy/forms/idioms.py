"""Other code for the same functions: NumPy or torch, loops or none, other types of results.

None of it calls a library function that answers the question: that waits for a person, as the
offering's `short_cuts` say (`tests/grader/checks/functions/test_short_cuts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from tests.accuracy.forms.bindings import definitions
from tests.accuracy.forms.form import BUILTINS, Draft, Form, code_cells

_CALLS_BUILTINS = re.compile(r"(?<![\w.])(?:sum|max|min|abs|round|any|all)\(")

CONV_FORWARD = {
    "loops": """
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    out = np.zeros(n)
    for i in range(n):
        for j in range(k):
            if 0 <= i + j - p < n:
                out[i] += w[j] * x[i + j - p]
    return out
""",
    "windows": """
def conv1d_forward(x, w):
    p = (len(w) - 1) // 2
    padded = np.pad(np.asarray(x), (p, len(w) - 1 - p))
    return np.lib.stride_tricks.sliding_window_view(padded, len(w)) @ np.asarray(w)
""",
    "toeplitz": """
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    A = np.zeros((n, n))
    for i in range(n):
        for m in range(max(0, i - p), min(n, i - p + k)):
            A[i, m] = w[m - i + p]
    return A @ x
""",
    "einsum": """
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    padded = np.concatenate([np.zeros(p), x, np.zeros(k - 1 - p)])
    columns = np.stack([padded[j:j + n] for j in range(k)])
    return np.einsum('j,jn->n', w, columns)
""",
    "list": """
def conv1d_forward(x, w):
    n, k = len(x), len(w)
    p = (k - 1) // 2
    return [sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n) for i in range(n)]
""",
}
POOL_FORWARD = {
    "windows": """
def maxpool1d_forward(x, k):
    return np.lib.stride_tricks.sliding_window_view(np.asarray(x), k).max(axis=-1)
""",
    "python": """
def maxpool1d_forward(x, k):
    out = []
    for i in range(len(x) - k + 1):
        best = x[i]
        for j in range(1, k):
            if x[i + j] > best:
                best = x[i + j]
        out.append(best)
    return np.array(out)
""",
    "reduce": """
def maxpool1d_forward(x, k):
    from functools import reduce
    n = len(x) - k + 1
    return reduce(np.maximum, [np.asarray(x)[j:j + n] for j in range(k)])
""",
}
POOL_BACKWARD = {
    "add-at": """
def maxpool1d_backward(x, k, grad_out):
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x), k)
    places = windows.argmax(axis=1) + np.arange(len(windows))
    grad = np.zeros(len(x))
    np.add.at(grad, places, grad_out)
    return grad
""",
    "bincount": """
def maxpool1d_backward(x, k, grad_out):
    places = [i + int(np.argmax(x[i:i + k])) for i in range(len(x) - k + 1)]
    return np.bincount(places, weights=grad_out, minlength=len(x))
""",
}
PROBABILITIES = {
    "by-hand": """
def output2prob(output):
    e = torch.exp(output - output.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)
""",
    "torch-softmax": """
def output2prob(output):
    return torch.softmax(output, -1)
""",
    "method": """
def output2prob(output):
    return output.softmax(dim=1)
""",
    "module": """
def output2prob(output):
    return torch.nn.Softmax(dim=1)(output)
""",
    "log-softmax": """
def output2prob(output):
    return torch.nn.functional.log_softmax(output, dim=1).exp()
""",
    "logsumexp": """
def output2prob(output):
    return torch.exp(output - torch.logsumexp(output, dim=1, keepdim=True))
""",
    "module-object": """
output2prob = torch.nn.Softmax(dim=1)
""",
    "partial": """
import functools
output2prob = functools.partial(torch.softmax, dim=1)
""",
    "lambda": """
output2prob = lambda output: torch.nn.functional.softmax(output, dim=1)
""",
    "no-grad": """
@torch.no_grad()
def output2prob(output):
    return torch.nn.functional.softmax(output, dim=1)
""",
}
CODE: Mapping[str, Mapping[str, str]] = {
    "conv1d_forward": CONV_FORWARD,
    "maxpool1d_forward": POOL_FORWARD,
    "maxpool1d_backward": POOL_BACKWARD,
    "output2prob": PROBABILITIES,
}
"""By name of the function."""


def by_idiom() -> Iterator[Form]:
    """Every form of this file."""
    for function, ways in CODE.items():
        for name, source in ways.items():
            yield Form(
                id=f"code-{function}-{name}",
                kind="other code for the same",
                change=_instead(function, source.strip()),
                zone=f"{function}|{BUILTINS}" if _CALLS_BUILTINS.search(source) else function,
            )


def _instead(function: str, source: str) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        for cell in code_cells(draft):
            lines = cell.source.split("\n")
            for first, last, definition in reversed(definitions(cell.source)):
                if definition.name == function:
                    lines[first:last] = source.split("\n")
            cell.source = "\n".join(lines)

    return apply
