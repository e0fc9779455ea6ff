"""A bundle of random narrow networks: the file forms are real, the weights are not trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from grader.execution import Job, Progress, execute
from grader.model.records import Alignment, Evidence, Limits, ProbeSpec
from grader.planning.plan import RunOptions, plan_run
from grader.sandbox.tiers import host_support
from reference import bundle_files, bundles
from reference.studio.narrow import narrow_resnet50
from tests import factories

COURSE = "http://6.869.csail.mit.edu/fa19/psets19/pset6/"
COURSE_FILES = {
    f"{COURSE}WelshCorgi.jpeg": bundle_files.CORGI,
    f"{COURSE}imagenet_l2_3_0.pt": bundle_files.ROBUST_CHECKPOINT,
    "https://files.example.edu/a%20list.txt": bundle_files.CLASSES,
}

Run = Callable[..., tuple[Evidence, Path, list[Progress]]]


@pytest.fixture(scope="session")
def random_bundle(tmp_path_factory: pytest.TempPathFactory) -> bundles.Bundle:
    root = tmp_path_factory.mktemp("bundle")
    for name in (bundle_files.CHECKPOINT, bundle_files.CORGI):
        (root / name).parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(narrow_resnet50().state_dict(), root / bundle_files.CHECKPOINT)
    robust = {f"module.model.{k}": v for k, v in narrow_resnet50().state_dict().items()}
    torch.save({"model": robust, "epoch": 1}, root / bundle_files.ROBUST_CHECKPOINT)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    cv2.imwrite(str(root / bundle_files.CORGI), noise)
    (root / bundle_files.CLASSES).write_text("\n".join(f"c{i}" for i in range(1000)))
    bundle_files.write_record(root, name="studio-narrow", version="0", in_features=256)
    return bundles.open_bundle(root)


@pytest.fixture(scope="session")
def run_cells(random_bundle: bundles.Bundle, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run code cells in a real kernel; returns evidence, its folder and the progress seen."""

    def run(
        *sources: str,
        limits: Limits | None = None,
        probes: tuple[ProbeSpec, ...] = (),
        changes: Sequence[Mapping[str, Any]] = (),
    ) -> tuple[Evidence, Path, list[Progress]]:
        folder = tmp_path_factory.mktemp("run")
        changed: Sequence[Mapping[str, Any]] = changes or [{}] * len(sources)
        submission = factories.submission(
            other_files=(),
            cells=tuple(
                factories.cell(i, source, **changed[i]) for i, source in enumerate(sources)
            ),
        )
        options = RunOptions(device="cpu", seed=5, nonce="n0", limits=limits or Limits())
        nothing = Alignment(matches=(), missing=(), answers=())
        plan = plan_run(submission, nothing, probes, random_bundle, options)
        seen: list[Progress] = []
        job = Job(
            submission=submission,
            submission_folder=folder,
            bundle=random_bundle,
            course_files=COURSE_FILES,
            evidence_folder=folder / "evidence",
            executed_notebook=folder / "executed.ipynb",
            threads=1,
            tier=host_support().tier,
            on_progress=seen.append,
        )
        return execute(plan, job), folder, seen

    return run
