"""Evidence made by factories: real replies of real functions, runs of the reference's own loop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import CheckContext, TrustedNetworks, evidence_reader, probes_of
from grader.model.assignment import load_assignment
from grader.model.records import (
    Alignment,
    ArrayRef,
    AttackRun,
    Cell,
    CellMatch,
    GradientSample,
    ModelState,
    Prediction,
    StepSettings,
    Submission,
)
from grader.testing import ArrayStore, ask, blank_evidence
from reference.attack import Objective, ascend, gradient_at, log_probability_of, verify
from reference.bundles import Bundle, get_bundle
from reference.classify import load_class_names, top_k
from reference.dream import layer_norm
from reference.expected import AttackResult, DreamResult, Expected, Manifest, PredictionsResult
from reference.images import from_pixels, prepare_image, read_image
from reference.networks import features, load_network
from reference.run_records import Norm, Space, StepConfig
from reference.steps import step

SEED = 20210324
RANDOM_SEED = 5
"""Of the network with random weights."""
SIDE_PX = 112
N_STEPS = 24
ASSIGNMENT = load_assignment()

NORMALISED_BALL = StepConfig(step_size=3, space=Space.NORMALISED, eps_l2=30, norm=Norm.L2)
FREE = StepConfig(step_size=0.05, space=Space.NORMALISED, eps_l2=None, norm=Norm.ABS)
PIXEL_BALL = StepConfig(step_size=2, space=Space.PIXELS, eps_l2=30, norm=Norm.L2)
DREAM = StepConfig(step_size=0.05, space=Space.PIXELS, eps_l2=None, norm=Norm.ABS)
CONFIGS = {"4a": FREE, "4b": NORMALISED_BALL, "4e": PIXEL_BALL}
TARGETS = {"4a": 76, "4b": 282, "4e": 282}
PLAIN = (str, int, float, bool, type(None))
"""Types of settings by which two runs are known to be the same."""
NETWORKS = {"4a": "pretrained", "4b": "pretrained", "4e": "robust"}


@dataclass
class Lab:
    """Trusted networks at a small size, a short reference run, and makers of evidence."""

    folder: Path
    bundle: Bundle = field(init=False)
    networks: TrustedNetworks = field(init=False)
    corgi: dict[Space, Tensor] = field(init=False)
    stored: int = 0
    plain_runs: dict[tuple[object, ...], AttackRun] = field(default_factory=dict)
    """Runs by their settings: most tests begin with the same right ones, which are made once."""

    def __post_init__(self) -> None:
        self.bundle = get_bundle("studio-narrow")
        pixels = prepare_image(read_image(self.bundle.corgi), normalised=False)
        small = F.interpolate(pixels, size=(SIDE_PX, SIDE_PX), mode="area").clamp(0, 1)
        self.corgi = {space: from_pixels(small, space) for space in Space}
        self.networks = TrustedNetworks(
            load=self._load,
            corgi=lambda space: self.corgi[space],
            class_names=load_class_names(self.bundle.classes),
            seed=SEED,
        )
        self.random = load_network("random", self.bundle, seed=RANDOM_SEED)
        self.expected = self._expected()

    def _load(self, name: str) -> nn.Module:
        """The pretrained network, and a blunter one of our own in place of the robust one."""
        network = load_network("pretrained", self.bundle)
        if name == "robust":
            for parameter in network.get_submodule("fc").parameters():
                parameter.mul_(0.7)
        return network

    # -- the reference's own results --------------------------------------------------------------

    def _expected(self) -> Expected:
        logits = self.networks.logits("pretrained", self.corgi[Space.NORMALISED])
        top5 = top_k(logits, self.networks.class_names)
        return Expected(
            bundle_name="studio-narrow",
            in_features=self.bundle.in_features,
            folder=self.folder,
            manifest=Manifest(
                format_version=1,
                bundle_name="studio",
                bundle_version="1",
                bundle_files={},
                versions={},
                device="cpu",
                width="narrow",
                seeds={},
                n_steps=N_STEPS,
                files={},
            ),
            predictions=PredictionsResult(
                in_features=self.bundle.in_features,
                random_seed=0,
                random_top5=top5,
                pretrained_top5=top5,
                robust_top5=top5,
            ),
            attacks=tuple(self._attack(part) for part in CONFIGS),
            dreams=tuple(self._dream(layer) for layer in ("layer1", "layer2")),
        )

    def _attack(self, part: str) -> AttackResult:
        config, target, network = CONFIGS[part], TARGETS[part], NETWORKS[part]
        module, start = self.networks.network(network), self.corgi[config.space]
        trace = ascend(module, start, log_probability_of(target), config, N_STEPS)
        facts = verify(module, start, trace.final, target, config)
        top5 = top_k(self.networks.logits(network, trace.final), self.networks.class_names)
        return AttackResult(
            id=part,
            network=network,
            target=target,
            target_name=self.networks.class_names[target],
            step=config,
            n_steps=N_STEPS,
            log_p_before=facts.log_probability_before,
            log_p_after=facts.log_probability_after,
            log_p_picture=facts.log_probability_after,
            distance_l2=facts.distance_l2,
            top5_before=top5,
            top5_after=top5,
            image=f"{part}.png",
            logits=f"{part}.npy",
            trace=trace.steps,
        )

    def _dream(self, layer: str) -> DreamResult:
        function = features(self.networks.network("pretrained"), layer)
        trace = ascend(function, self.noise(0), layer_norm(), DREAM, N_STEPS)
        values = tuple(s.objective for s in trace.steps)
        return DreamResult(
            id=f"4d-{layer}",
            style="plain",
            layer=layer,
            channel=None,
            objective=layer_norm().name,
            start_seed=0,
            step=DREAM,
            n_steps=N_STEPS,
            value_before=values[0],
            value_after=values[-1],
            image=f"4d-{layer}.png",
            objectives=values,
            trace=trace.steps,
        )

    # -- evidence ---------------------------------------------------------------------------------

    def noise(self, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.rand((1, 3, SIDE_PX, SIDE_PX), generator=generator)

    def store(self, value: Any) -> ArrayRef:
        array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
        self.stored += 1
        path = self.folder / f"array{self.stored}.npy"
        np.save(path, array, allow_pickle=False)
        return ArrayRef(
            path=path.name,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            dtype=array.dtype.name,
            shape=array.shape,
        )

    def fingerprint(self, name: str) -> ArrayRef:
        if name in {"pretrained", "robust"}:
            return self.store(self.networks.fingerprint(name))
        with torch.no_grad():
            return self.store(self.random(self.networks.probe_image()))

    def made_by(self, network: str) -> ArrayRef | None:
        """Where torch's generator stood when the random network was made."""
        if network != "random":
            return None
        return self.store(torch.Generator().manual_seed(RANDOM_SEED).get_state())

    def run(
        self,
        *,
        direction: Callable[[Tensor], Tensor],
        config: StepConfig,
        start: Tensor,
        network: str = "pretrained",
        class_id: int | None = None,
        n_steps: int = N_STEPS,
        recorded: bool = True,
        run_id: str = "run1",
        sign: float = 1.0,
    ) -> AttackRun:
        """Do what a notebook does, `x = step.step(x, direction(x))`, and record it.

        `sign` is that of a StepImage that subtracts.
        """
        x, samples, images = start, [], []
        for number in range(n_steps):
            g = direction(x)
            if recorded and number in {0, 100}:
                sample = GradientSample(step=number, image=self.store(x), gradient=self.store(g))
                samples.append(sample)
            if recorded and number in {0, 1, 2, 5, 10, 20}:
                images.append((number, self.store(x.half())))
            x = step(x, sign * g, start=start, config=config)
        return AttackRun(
            run_id=run_id,
            cell_index=0,
            function="generate_adversarial_example" if class_id is not None else "",
            class_id=class_id,
            steps=n_steps if recorded else 0,
            settings=StepSettings(
                step_size=config.step_size,
                eps_l2=config.eps_l2,
                normalised=config.space is Space.NORMALISED,
                norm=str(config.norm),
            ),
            start=self.store(start),
            final=self.store(x),
            samples=tuple(samples),
            images=tuple(images),
            weights_sha256="",
            fingerprint=self.fingerprint(network),
        )

    def attack(self, part: str, objective: Objective | None = None, **changes: Any) -> AttackRun:
        """A run of a part in its own setting; by default a right one."""
        return self._once(self._attacked, part, objective, changes)

    def dream(self, layer: str, objective: Objective | None = None, **changes: Any) -> AttackRun:
        """A run of 4(d)."""
        return self._once(self._dreamt, layer, objective, changes)

    def _once(
        self,
        make: Callable[..., AttackRun],
        of: str,
        objective: Objective | None,
        changes: Mapping[str, Any],
    ) -> AttackRun:
        if objective is not None or not all(isinstance(v, PLAIN) for v in changes.values()):
            return make(of, objective, **changes)
        key = (make.__name__, of, CONFIGS.get(of), *sorted(changes.items()))
        if key not in self.plain_runs:
            self.plain_runs[key] = make(of, objective, **changes)
        return self.plain_runs[key]

    def _attacked(self, part: str, objective: Objective | None, **changes: Any) -> AttackRun:
        network = changes.pop("network", NETWORKS[part])
        module = self.networks.network(network)
        climbed = objective or log_probability_of(TARGETS[part])
        settings: dict[str, Any] = {
            "direction": lambda x: gradient_at(module, x, climbed),
            "config": CONFIGS[part],
            "start": self.corgi[CONFIGS[part].space],
            "network": network,
            "class_id": TARGETS[part],
        }
        return self.run(**{**settings, **changes})

    def _dreamt(self, layer: str, objective: Objective | None, **changes: Any) -> AttackRun:
        function = features(self.networks.network("pretrained"), layer)
        climbed = objective or layer_norm()
        settings: dict[str, Any] = {
            "direction": lambda x: gradient_at(function, x, climbed),
            "config": DREAM,
            "start": self.noise(3),
        }
        return self.run(**{**settings, **changes})

    def prediction(self, network: str, image: Tensor, **changes: Any) -> Prediction:
        """`model(image)` with a network."""
        if network == "random":
            with torch.no_grad():
                logits = self.random(image)
        else:
            logits = self.networks.logits(network, image)
        prediction = Prediction(
            cell_index=0,
            weights_sha256=digest(network),
            training=False,
            image=self.store(image),
            logits=self.store(logits),
            made=self.made_by(network),
        )
        return replace(prediction, **changes)

    def model(self, network: str, **changes: Any) -> ModelState:
        """What `model` was after a cell."""
        state = ModelState(
            cell_index=0,
            in_features=self.bundle.in_features,
            weights_sha256=digest(network),
            fingerprint=self.fingerprint(network),
            made=self.made_by(network),
        )
        return replace(state, **changes)

    def context(
        self,
        *,
        sources: Iterable[str] = (),
        answers: tuple[tuple[str, str], ...] = (),
        report_pages: int = 3,
        parts: Mapping[int, str] | None = None,
        arrays: ArrayStore | None = None,
        **evidence: Any,
    ) -> CheckContext:
        """A context with the given evidence and no more."""
        cells = tuple(
            Cell(
                index=i,
                cell_id="",
                kind="code",
                source=source,
                execution_count=None,
                stored_outputs=0,
            )
            for i, source in enumerate(sources)
        )
        return CheckContext(
            evidence=blank_evidence(seed=SEED, **evidence),
            arrays=arrays or evidence_reader(self.folder),
            expected=self.expected,
            networks=self.networks,
            bundle=self.bundle,
            assignment=ASSIGNMENT,
            submission=Submission(
                kerberos="ada",
                zip_sha256="",
                notebook_path="ada.ipynb",
                report_path="report.pdf" if report_pages else "",
                report_pages=report_pages,
                other_files=(),
                cells=cells,
                notes=(),
            ),
            alignment=Alignment(
                matches=tuple(
                    CellMatch(
                        cell_index=i, template_id=f"t{i}", part_id=p, how="id", similarity=1.0
                    )
                    for i, p in (parts or {}).items()
                ),
                missing=(),
                answers=answers,
            ),
        )

    def ask(self, namespace: Mapping[str, Any], **changes: Any) -> CheckContext:
        """A context whose evidence is the replies of the functions in `namespace`."""
        sources = [f"def {name}(*args):\n    ..." for name in namespace]
        arrays = ArrayStore(behind=evidence_reader(self.folder))
        asked = ask(namespace, probes_of(ASSIGNMENT, SEED), arrays)
        return self.context(replies=asked, sources=sources, arrays=arrays, **changes)


def digest(network: str) -> str:
    return hashlib.sha256(network.encode()).hexdigest()
