"""A grade sheet with every outcome, every figure and hostile text, over arrays of pictures."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import numpy as np
from PIL import Image

from grader.model.records import (
    ArrayRef,
    AttackRun,
    Bar,
    BarsExhibit,
    CellRun,
    CurveExhibit,
    Evidence,
    Exhibit,
    Finding,
    GradeSheet,
    HostFacts,
    ImageExhibit,
    Measurement,
    Note,
    Outcome,
    PartGrade,
    ProbeReply,
    ProbeValue,
    RunFacts,
    Severity,
    Shim,
    StemExhibit,
    StepSettings,
)

MEAN = np.array((0.485, 0.456, 0.406)).reshape(1, 3, 1, 1)
STD = np.array((0.229, 0.224, 0.225)).reshape(1, 3, 1, 1)
HOSTILE = (
    "<script>alert('x')</script> {{ 7*7 }} </style><img src=x onerror=alert(1)> "
    "\x1b[31mred\x1b[0m \u202eevil"
)
ANSWER = r"""# Boundaries
I pad with zeros, so $x_{in}[i] = 0$ for $i < 0$ or $i \ge N$, and the gradient
$$\frac{\partial C}{\partial x_{in}[m]} = \sum_i \frac{\partial C}{\partial x_{out}[i]} W[m-i+p]$$
is cut there too. <script>alert(1)</script> [link](javascript:alert(2)) ![me](file:///etc/passwd)

- zero padding keeps the length
- `edge` padding would not be *linear* in the corner

```python
padded = np.pad(x, (p, k - 1 - p))  # zeros
```
"""

FACTS = RunFacts(
    assignment="pset4_sp21",
    assignment_sha256="ab" * 32,
    bundle="studio",
    bundle_sha256="cd" * 32,
    grader_version="0.1.0",
    zip_sha256="ef" * 32,
    seed=424242,
    seconds=412.4,
    host=HostFacts(
        device="cpu", isolation="bubblewrap", versions=(("python", "3.11.9"), ("torch", "2.15.0"))
    ),
    shims=(Shim(name="cuda-to-cpu", why="`.cuda()` would fail on a machine with no GPU."),),
)


def picture(seed: int = 0, side: int = 224) -> np.ndarray:
    """A smooth scene with a face-like blob, pixels in [0, 1], (1, 3, side, side)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    base = np.stack([0.35 + 0.3 * y, 0.5 + 0.2 * x, 0.75 - 0.4 * y])
    blob = np.exp(-((x - 0.5) ** 2 + (y - 0.55) ** 2) / 0.04)
    base += blob * np.array([0.4, 0.1, -0.3]).reshape(3, 1, 1)
    return (base + rng.normal(0, 0.02, base.shape)).clip(0, 1)[None].astype(np.float32)


def save_array(folder: Path, name: str, array: np.ndarray) -> ArrayRef:
    """Write an array as the recorder does."""
    path = folder / name
    np.save(path, array, allow_pickle=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ArrayRef(path=name, sha256=digest, dtype=str(array.dtype), shape=array.shape)


def attack_exhibits(folder: Path, name: str, *, side: int = 224) -> tuple[Exhibit, ...]:
    """Pictures, bars and a curve of one attack."""
    start = picture(0, side)
    noise = np.random.default_rng(ord(name[-1])).normal(0, 0.03, start.shape)
    stripes = 0.08 * np.sin(np.arange(side) / 4)[None, None, :, None]
    final = (start + noise + stripes).clip(0, 1)
    reference = folder / f"{name}-reference.png"
    Image.fromarray((final[0].transpose(1, 2, 0) * 255).astype(np.uint8)).save(reference)
    steps = tuple(float(i) for i in range(0, 201, 5))
    rise = tuple(-9.0 * math.exp(-s / 30) - 0.01 for s in steps)
    return (
        ImageExhibit(
            label="original",
            array=save_array(
                folder, f"{name}-start.npy", ((start - MEAN) / STD).astype(np.float32)
            ),
            normalised=True,
            caption="the corgi",
        ),
        ImageExhibit(
            label="yours",
            array=save_array(
                folder, f"{name}-final.npy", ((final - MEAN) / STD).astype(np.float32)
            ),
            normalised=True,
            caption="after 200 steps",
        ),
        ImageExhibit(
            label="reference", array=None, normalised=False, reference_file=reference.name
        ),
        BarsExhibit(
            title="before",
            bars=(
                Bar(class_id=263, name="Pembroke", probability=0.9871),
                Bar(class_id=264, name="Cardigan", probability=0.0093),
                Bar(class_id=248, name="Eskimo dog", probability=0.0011),
                Bar(class_id=250, name="Siberian husky", probability=0.0004),
                Bar(class_id=282, name="tiger cat", probability=0.0001, is_target=True),
            ),
        ),
        BarsExhibit(
            title="after",
            bars=(
                Bar(class_id=282, name="tiger cat", probability=0.9993, is_target=True),
                Bar(class_id=281, name="tabby", probability=0.0005),
                Bar(class_id=285, name="Egyptian cat", probability=0.0001),
                Bar(class_id=263, name="Pembroke", probability=0.00004),
                Bar(class_id=292, name="tiger with a very long name indeed", probability=0.00001),
            ),
        ),
        CurveExhibit(
            title="log-probability of the target",
            x_label="step",
            y_label="log p(tiger cat)",
            yours_x=steps,
            yours_y=rise,
            reference_x=steps,
            reference_y=tuple(-8.6 * math.exp(-s / 22) - 0.005 for s in steps),
        ),
    )


def stem_exhibit(title: str, *, wrong: bool = False) -> StemExhibit:
    """A gradient of 16 values, off at one place where `wrong`."""
    expected = tuple(math.sin(0.7 * i) * (1 + 0.1 * i) for i in range(16))
    measured = tuple(
        v + (0.4 if wrong and i == 15 else 1e-8 * (i - 7)) for i, v in enumerate(expected)
    )
    return StemExhibit(title=title, measured=measured, expected=expected, tolerance=1e-6, worst=15)


def rows(ok: bool = True) -> tuple[Measurement, ...]:
    """Two rows of numbers."""
    return (
        Measurement(
            quantity="greatest error of ∂C/∂x",
            measured="3.1e-8" if ok else "0.40",
            expected="0",
            tolerance="1e-6",
            ok=ok,
        ),
        Measurement(quantity="shape", measured="(16,)", expected="(16,)", tolerance="", ok=True),
    )


def finding(check_id: str, outcome: Outcome, message: str, **fields: object) -> Finding:
    """A finding with full or no credit."""
    credit = {Outcome.PASS: 1.0, Outcome.PARTIAL: 0.5}.get(outcome, 0.0)
    return Finding(check_id=check_id, outcome=outcome, credit=credit, message=message, **fields)  # type: ignore[arg-type]


def part(
    part_id: str, title: str, outcome: Outcome, *findings: Finding, **fields: object
) -> PartGrade:
    """A part worth one point."""
    given: dict[str, object] = {
        "points": {Outcome.PASS: 1.0, Outcome.PARTIAL: 0.5}.get(outcome, 0.0),
        "max_points": 1.0,
        "pending_points": 1.0 if outcome in (Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT) else 0.0,
        "message": findings[0].message if findings else f"Nothing was found for {title.lower()}.",
        "required": True,
        "bonus": False,
        **fields,
    }
    return PartGrade(
        id=part_id,
        title=title,
        problem=int(part_id[0]),
        outcome=outcome,
        findings=findings,
        **given,  # type: ignore[arg-type]
    )


def rich_sheet(folder: Path, *, side: int = 224, attacks: int = 4) -> GradeSheet:
    """Every outcome once, every figure, hostile text wherever text of others stands."""
    o = Outcome
    ask = finding("prose_3c", o.NEEDS_HUMAN, "A person reads your discussion of the boundaries.")
    names = (
        ("4a", "Tarantula"),
        ("4b", "Tiger cat"),
        ("4e", "Robust network"),
        ("4f", "Other classes"),
    )
    fourth = tuple(
        part(
            part_id,
            title,
            o.PASS if part_id != "4e" else o.PARTIAL,
            finding(
                "attack",
                o.PASS if part_id != "4e" else o.PARTIAL,
                "The probability of `tiger cat` rose from 0.0001 to 0.9993, as the reference's."
                if part_id != "4e"
                else "The gradient is right, but the image leaves the ball: 41.2, not 30. "
                "Call `step.project`.",
                measurements=(
                    Measurement(
                        quantity="gain of log p(target), nats",
                        measured="8.72",
                        expected="8.59",
                        tolerance="at least 60 %",
                        ok=True,
                    ),
                    Measurement(
                        quantity="l2 distance, normalised",
                        measured="41.2" if part_id == "4e" else "29.98",
                        expected="at most 30",
                        tolerance="0.01",
                        ok=part_id != "4e",
                    ),
                ),
                exhibits=attack_exhibits(folder, part_id, side=side),
                evidence_ids=("run2", "cell 31"),
                staff_detail=f"weights digest differs; {HOSTILE}",
            ),
            bonus=part_id == "4f",
            max_points=0.0 if part_id == "4f" else 1.0,
        )
        for part_id, title in names[:attacks]
    )
    layers = part(
        "3b",
        "Gradients of the convolution and the update rule",
        o.FAIL,
        finding(
            "conv_grad_input",
            o.FAIL,
            "The gradient to the input is off at the right edge: flip the kernel, `W[::-1]`, then "
            "correlate it with the gradient of the output.",
            measurements=rows(False),
            exhibits=(
                stem_exhibit("gradient to the input", wrong=True),
                stem_exhibit("gradient to the kernel"),
            ),
            evidence_ids=("conv1d_backward",),
        ),
        finding("conv_update", o.PASS, "The update rule is right.", measurements=rows()),
    )
    dream = part(
        "4d",
        "Images that excite a layer",
        o.PASS,
        finding(
            "dream",
            o.PASS,
            "Three layers were climbed, each distinguishable from the start.",
            exhibits=tuple(
                ImageExhibit(
                    label=f"{what} of {layer}",
                    normalised=False,
                    caption=gain,
                    array=save_array(folder, f"{layer}-{what}.npy", picture(seed, side)),
                )
                for seed, layer in enumerate(("layer1", "layer2", "layer3"))
                for what, gain in (("start", ""), ("result", "norm 12.1 to 96.0"))
            ),
        ),
    )
    parts = (
        part(
            "1a",
            "Convolution, forward",
            o.PASS,
            finding(
                "conv_forward",
                o.PASS,
                "The output is a cross-correlation with zero padding.",
                measurements=rows(),
                exhibits=(stem_exhibit("output"),),
            ),
        ),
        part("1b", "Max-pooling, forward", o.NOT_ATTEMPTED, required=False, max_points=0.0),
        part(
            "2b",
            "Random network on the corgi",
            o.STUDENT_ERROR,
            finding("random_network", o.STUDENT_ERROR, f"Cell 12 stopped: NameError: {HOSTILE}"),
        ),
        part(
            "2c",
            "Pretrained network on the corgi",
            o.TIMEOUT,
            finding("top5", o.TIMEOUT, "Cell 14 did not end within 1200 s."),
        ),
        layers,
        part("3c", "Boundaries", o.NEEDS_HUMAN, ask),
        part(
            "3d",
            "Max-pooling, backward",
            o.RESOURCE_LIMIT,
            finding("pool_grad", o.RESOURCE_LIMIT, "The kernel used more memory than it may."),
        ),
        part(
            "3e",
            "Boundaries of the pooling",
            o.GRADER_FAULT,
            finding("prose_3e", o.GRADER_FAULT, "Our checker failed here; you lose no points."),
        ),
        *fourth[:2],
        part(
            "4c",
            "Why one looks closer to the original",
            o.NEEDS_HUMAN,
            finding("prose_4c", o.NEEDS_HUMAN, "A person reads your explanation."),
            human_comment=f"Good point.\n{HOSTILE}",
            human_points=0.5,
            points=0.5,
            pending_points=0.0,
        ),
        dream,
        *fourth[2:],
    )
    return GradeSheet(
        kerberos="sample",
        course="6.869",
        submitted="2021-04-02T10:00:00-04:00",
        deadline="2021-03-31T23:59:00-04:00",
        days_late=2,
        late_coefficient=0.857142,
        total=4.71,
        max_total=11.0,
        pending=2.0,
        parts=parts,
        notes=(
            Note(
                code="no-report",
                severity=Severity.ERROR,
                message="There is no report.pdf in the zip.",
            ),
            Note(
                code="stored",
                severity=Severity.INFO,
                message="Stored outputs differ.",
                for_student=False,
            ),
        ),
        answers=(("3c", ANSWER), ("3c", "A second cell."), ("4c", HOSTILE)),
        report_pages=0,
        facts=FACTS,
    )


def evidence() -> Evidence:
    """What a run leaves behind, with an error and a URL that was missed."""
    value = ProbeValue(
        name="case0/forward", array=None, kind="", error_name="TypeError", error_message=HOSTILE
    )
    settings = StepSettings(step_size=0.05, eps_l2=None, normalised=True, norm="abs")
    return Evidence(
        cells=(
            CellRun(cell_index=3, outcome=Outcome.PASS, seconds=1.25),
            CellRun(
                cell_index=12,
                outcome=Outcome.STUDENT_ERROR,
                seconds=0.1,
                error_name="NameError",
                error_message=HOSTILE,
            ),
        ),
        replies=(ProbeReply(probe_id="conv1d_forward", outcome=Outcome.PASS, values=(value,)),),
        bindings=(),
        runs=(
            AttackRun(
                run_id="run0",
                cell_index=20,
                function="generate_adversarial_example",
                class_id=76,
                steps=200,
                settings=settings,
                start=None,
                final=None,
                samples=(),
                images=(),
                weights_sha256="12" * 32,
                fingerprint=None,
                seconds=61.0,
            ),
        ),
        models=(),
        predictions=(),
        shims=(),
        served=("http://6.869.csail.mit.edu/fa19/psets19/pset6/WelshCorgi.jpeg",),
        missed=("http://example.org/<b>",),
        notes=(),
        host=FACTS.host,
        seconds=412.4,
        seed=424242,
    )
