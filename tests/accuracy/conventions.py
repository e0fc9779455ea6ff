"""Right variants by rule: every convention of the convolution layer, each with its own adjoint."""

from __future__ import annotations

from itertools import product

from tests.accuracy.corpus import Case

_MODES = {
    "zero": "constant",
    "edge": "edge",
    "reflect": "reflect",
    "symmetric": "symmetric",
    "circular": "wrap",
}

_CODE = '''
def padded_places(n, k, left):
    """Place in the signal of each padded sample; n stands for a zero."""
    if {mode!r} == 'constant':
        return np.pad(np.arange(n), (left, k - 1 - left), constant_values=n)
    return np.pad(np.arange(n), (left, k - 1 - left), mode={mode!r})


def conv1d_forward(x, w):
    x, w = np.asarray(x, float), np.asarray(w, float){flip}
    n, k = len(x), len(w)
    left = {left}
    padded = np.append(x, 0)[padded_places(n, k, left)]
    return np.array([padded[i:i + k] @ w for i in range(n)])


def conv1d_backward(x, w, grad_out):
    x, g, w = np.asarray(x, float), np.asarray(grad_out, float), np.asarray(w, float){flip}
    n, k = len(x), len(w)
    left = {left}
    places = padded_places(n, k, left)
    padded = np.append(x, 0)[places]
    grad_x, grad_w = np.zeros(n + 1), np.zeros(k)
    for i in range(n):
        np.add.at(grad_x, places[i:i + k], g[i] * w)
        grad_w += g[i] * padded[i:i + k]
    return grad_x[:n], grad_w{flip}
'''


def by_convention() -> tuple[Case, ...]:
    """Two operations, two anchors, five boundaries: twenty variants."""
    cases = []
    for boundary, flipped, anchor in product(_MODES, (False, True), ("left", "right")):
        code = _CODE.format(
            mode=_MODES[boundary],
            flip="[::-1]" if flipped else "",
            left="(k - 1) // 2" if anchor == "left" else "k // 2",
        )
        name = f"convention-{boundary}-{'flipped' if flipped else 'plain'}-{anchor}"
        cases.append(
            Case(
                family="layers",
                id=name,
                kind="variant",
                code=code,
                names=frozenset({"conv1d_forward", "conv1d_backward", "padded_places"}),
            )
        )
    return tuple(cases)
