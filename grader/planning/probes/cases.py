"""Inputs for the 1-D layers (Problems 1 and 3), drawn from a seed.

Convolution is linear in each argument, so differences over unit steps give the exact Jacobian of
the student's own forward. Pooling inputs are pairwise distinct and the step is a quarter of their
smallest gap, so that no difference crosses a kink; ties are cases of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reference.numgrad import LINEAR_EPS
from reference.signals import Floats

CONV_SIZES = (
    (8, 3),
    (9, 5),
    (7, 1),
    (5, 5),
    (9, 4),
    (7, 2),
    (6, 6),
    (13, 6),
    (11, 7),
    (10, 8),
    (17, 9),
    (12, 10),
    (14, 11),
    (19, 12),
    (15, 13),
    (18, 14),
    (20, 15),
    (16, 16),
    (1, 1),
)
"""(N, k) of the convolution's cases: every k up to 16, so that a loop that stops earlier shows
where it does; odd and even N and k, k = 1, k = N, N = 1, N no multiple of k."""

POOL_SIZES = (
    (8, 3),
    (9, 2),
    (7, 1),
    (5, 5),
    (11, 4),
    (10, 6),
    (13, 7),
    (14, 8),
    (17, 9),
    (15, 10),
    (12, 11),
    (18, 12),
    (20, 13),
    (19, 14),
    (21, 15),
    (16, 16),
    (1, 1),
)
"""(N, k) of the pooling's cases, likewise."""

TIE_SIGNALS = (
    ((1.0, 3.0, 3.0, 0.0, 3.0, 2.0), 3),
    ((-2.0, -2.0, -2.0, -2.0, -2.0), 2),
    ((0.0, 4.0, 1.0, 4.0, 4.0, 4.0, -1.0, 0.0), 4),
)
"""(x, k) of the cases with equal maxima."""

FAR_BELOW = 20_000.0
"""So far below 0 are the samples of pooling's longest case: it shows a maximum that starts at a
number, such as -9999."""

POOL_STEP_SHARE = 0.25
"""Step of pooling's differences, as a share of the smallest gap between two samples."""

UPDATE_SIZES = tuple(range(1, 17))
"""Kernel sizes of the update's cases."""

DEMO_VALUES = (1, 3, -2, 4, 9, 2, -1, 5, -3, 6, 7)
"""Signals of the public cases begin so: small round numbers, no two equal, none that is 0."""

DEMO_KERNEL = (1, 10, 100, -2, 3, -1, 2)
"""Kernels of the public cases begin so; the first three show in each digit where they went."""

DEMO_COTANGENT = (1, 2, 3, 5, -1, 4, 6, -2, 7, 8, -3)
"""Cotangents of the public cases begin so; a 0 would hide what becomes of its place."""

SMALL_N = 4
"""Up to this length there is a public case for every kernel size."""

STEPPED_N, STEPPED_DEMO_N = 13, 9
"""Up to these lengths the entries of a hidden and of a public case are stepped one by one."""

FAR_DEMO = (3, 2)
"""(N, k) of the public case of pooling far below 0."""

TIE_DEMOS = (((3, 3), 2), ((1, 3, 3), 2), ((2, 2, 2), 3))
"""(x, k) of the public cases of pooling with equal maxima."""

UPDATE_DEMOS = (((1,), (2,), 0.5), ((1, 2), (10, -20), 0.1), ((3, -1, 2), (4, 8, -2), 0.25))
"""(w, grad_w, lr) of the public cases of the update."""

DEMO = "demo"
"""Keys of the public cases begin so."""

_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvCase:
    """Arguments of `conv1d_forward` and `conv1d_backward`."""

    key: str
    """Name within the replies."""
    x: tuple[float, ...]
    """Input, N values."""
    w: tuple[float, ...]
    """Kernel, k values."""
    grad_out: tuple[float, ...]
    """Cotangent, N values."""

    @property
    def size(self) -> str:
        """Its sizes in words."""
        return f"N = {len(self.x)}, k = {len(self.w)}"

    @property
    def is_hidden(self) -> bool:
        """Whether its numbers are drawn, and shown to nobody."""
        return not self.key.startswith(DEMO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCase:
    """Arguments of `maxpool1d_forward` and `maxpool1d_backward`."""

    key: str
    """Name within the replies."""
    x: tuple[float, ...]
    """Input, N values."""
    k: int
    """Window."""
    grad_out: tuple[float, ...]
    """Cotangent, N - k + 1 values."""

    @property
    def size(self) -> str:
        """Its sizes in words."""
        return f"N = {len(self.x)}, k = {self.k}"

    @property
    def is_hidden(self) -> bool:
        """Whether its numbers are drawn, and shown to nobody."""
        return not self.key.startswith(DEMO)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCase:
    """Arguments of `conv1d_update`."""

    key: str
    """Name within the replies."""
    w: tuple[float, ...]
    """Kernel."""
    grad_w: tuple[float, ...]
    """Gradient to the kernel."""
    lr: float
    """Learning rate."""

    @property
    def size(self) -> str:
        """Its size in words."""
        return f"k = {len(self.w)}"


def conv_cases(seed: int) -> tuple[ConvCase, ...]:
    """Draw the convolution's cases; kernel entries are away from 0, so that each tap shows."""
    rng = np.random.default_rng([seed, 1])
    cases = []
    for number, (n, k) in enumerate(CONV_SIZES):
        magnitude = rng.uniform(0.3, 1.7, k)
        cases.append(
            ConvCase(
                key=f"conv{number}",
                x=_rounded(rng.standard_normal(n)),
                w=_rounded(magnitude * rng.choice((-1.0, 1.0), k)),
                grad_out=_rounded(rng.standard_normal(n)),
            )
        )
    return tuple(cases)


def pool_cases(seed: int) -> tuple[PoolCase, ...]:
    """Draw pooling's cases: pairwise distinct values, every other one all negative."""
    rng = np.random.default_rng([seed, 2])
    cases = []
    for number, (n, k) in enumerate(POOL_SIZES):
        spaced = rng.permutation(n) + rng.uniform(-0.3, 0.3, n)
        shift = n + 0.5 if number % 2 == 0 else n / 2
        shift += FAR_BELOW if (n, k) == max(POOL_SIZES) else 0.0
        cases.append(
            PoolCase(
                key=f"pool{number}",
                x=_rounded(spaced - shift),
                k=k,
                grad_out=_rounded(rng.standard_normal(n - k + 1)),
            )
        )
    return tuple(cases)


def tie_cases(seed: int) -> tuple[PoolCase, ...]:
    """Draw the cotangents of the cases with equal maxima; the signals are fixed."""
    rng = np.random.default_rng([seed, 3])
    return tuple(
        PoolCase(key=f"tie{i}", x=x, k=k, grad_out=_rounded(rng.uniform(0.5, 2, len(x) - k + 1)))
        for i, (x, k) in enumerate(TIE_SIGNALS)
    )


def conv_demos() -> tuple[ConvCase, ...]:
    """Return the public cases, the smallest first: shown to students, decisive for no verdict.

    Every N up to `SMALL_N` with every k, then the hidden cases' sizes with numbers of their own:
    a function that goes wrong on a hidden case does so on a public one, unless by its values.
    """
    return tuple(
        ConvCase(
            key=f"{DEMO}{i}",
            x=_begun(DEMO_VALUES, n),
            w=_begun(DEMO_KERNEL, k),
            grad_out=_begun(DEMO_COTANGENT, n),
        )
        for i, (n, k) in enumerate(_demo_sizes(CONV_SIZES))
    )


def pool_demos() -> tuple[PoolCase, ...]:
    """Return the public cases of pooling, the smallest first, some of them all negative."""
    n, k = FAR_DEMO
    far = PoolCase(
        key=f"{DEMO}far",
        x=tuple(value - FAR_BELOW for value in _begun(DEMO_VALUES, n)),
        k=k,
        grad_out=_begun(DEMO_COTANGENT, n - k + 1),
    )
    near = tuple(
        PoolCase(
            key=f"{DEMO}{i}",
            x=_negative(_begun(DEMO_VALUES, n)) if i % 2 else _begun(DEMO_VALUES, n),
            k=k,
            grad_out=_begun(DEMO_COTANGENT, n - k + 1),
        )
        for i, (n, k) in enumerate(_demo_sizes(POOL_SIZES))
    )
    return (*near, far)


def tie_demos() -> tuple[PoolCase, ...]:
    """Return the public cases of pooling with equal maxima."""
    return tuple(
        PoolCase(
            key=f"tiedemo{i}", x=_floats(x), k=k, grad_out=_begun(DEMO_COTANGENT, len(x) - k + 1)
        )
        for i, (x, k) in enumerate(TIE_DEMOS)
    )


def update_demos() -> tuple[UpdateCase, ...]:
    """Return the public cases of the update."""
    return tuple(
        UpdateCase(key=f"{DEMO}{i}", w=_floats(w), grad_w=_floats(g), lr=lr)
        for i, (w, g, lr) in enumerate(UPDATE_DEMOS)
    )


def _begun(values: tuple[int, ...], count: int) -> tuple[float, ...]:
    """The first `count` of the values; where they end they go on, each round 20 higher."""
    rounds = range(0, count, len(values))
    return _floats([v + 20 * i for i, _ in enumerate(rounds) for v in values][:count])


def _negative(values: tuple[float, ...]) -> tuple[float, ...]:
    """The values moved down until all are below 0."""
    return _floats(v - max(values) - 1 for v in values)


def _demo_sizes(hidden: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    small = [(n, k) for n in range(1, SMALL_N + 1) for k in range(1, n + 1)]
    return [*small, *(size for size in sorted(hidden) if size not in small)]


def update_cases(seed: int) -> tuple[UpdateCase, ...]:
    """Draw the update's cases."""
    rng = np.random.default_rng([seed, 4])
    return tuple(
        UpdateCase(
            key=f"update{i}",
            w=_rounded(rng.standard_normal(k)),
            grad_w=_rounded(rng.standard_normal(k)),
            lr=float(np.round(rng.uniform(0.05, 0.9), 3)),
        )
        for i, k in enumerate(UPDATE_SIZES)
    )


def conv_rows(case: ConvCase) -> tuple[tuple[Floats, Floats], ...]:
    """Return the arguments (x, w) of the forward's calls for one case.

    Row 0 is the case itself; then come x + e_i, x - e_i for each i, then w + e_j, w - e_j for
    each j. Long cases have row 0 only.
    """
    x, w = np.array(case.x), np.array(case.w)
    rows = [(x, w)]
    if not _stepped(case):
        return tuple(rows)
    rows += [(x + sign * unit, w) for unit in LINEAR_EPS * np.eye(x.size) for sign in (1, -1)]
    rows += [(x, w + sign * unit) for unit in LINEAR_EPS * np.eye(w.size) for sign in (1, -1)]
    return tuple(rows)


def _stepped(case: ConvCase | PoolCase) -> bool:
    return len(case.x) <= (STEPPED_N if case.is_hidden else STEPPED_DEMO_N)


def pool_step(case: PoolCase) -> float:
    """Return the step of pooling's differences: no order changes within it."""
    gaps = np.diff(np.sort(case.x))
    return POOL_STEP_SHARE * float(gaps.min(initial=1.0))


def pool_rows(case: PoolCase) -> tuple[Floats, ...]:
    """Return the inputs of pooling's calls: x, then x + h e_i, x - h e_i for each i.

    Long cases have x only.
    """
    x = np.array(case.x)
    if not _stepped(case):
        return (x,)
    steps = pool_step(case) * np.eye(x.size)
    return (x, *(x + sign * unit for unit in steps for sign in (1, -1)))


def tie_rows(case: PoolCase) -> tuple[Floats, ...]:
    """Return the cotangents of a tie's calls: the case's own, then each unit vector."""
    return (np.array(case.grad_out), *np.eye(len(case.grad_out)))


def _floats(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(float(v) for v in np.round(values, _DECIMALS))
