"""The networks and pictures of one run of the reference, and each experiment with them."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from reference.attack import Trace, ascend, log_probability_of, verify
from reference.bundle_files import sha256_of
from reference.bundles import bundle_digests, bundle_version
from reference.classify import load_class_names, log_probability, top_k
from reference.device import describe_device
from reference.dream import channel_norm, feature_match, layer_norm, random_start
from reference.expected import (
    FORMAT_VERSION,
    AttackResult,
    DreamResult,
    InversionResult,
    Manifest,
    PredictionsResult,
    write_json,
)
from reference.images import load_png, prepare_image, read_image, save_grid, save_jpeg, save_png
from reference.networks import features, last_in_features, load_network
from reference.run_records import Space, TraceStep
from reference.specs import (
    DREAM,
    DREAMS,
    N_STEPS,
    SPECS,
    AttackSpec,
    DreamSpec,
    InversionSpec,
    Spec,
    experiment_ids,
    group_of,
)
from reference.visualise import VisualiseConfig, visualise

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from reference.attack import Objective
    from reference.bundles import Bundle
    from reference.networks import Width

    Listener = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How to run the experiments."""

    device: torch.device
    """Where."""
    seed: int = 0
    """Of the random network and of 4(d)'s starts."""
    n_steps: int = N_STEPS
    """Steps of each experiment; less only for trials."""
    width: Width = "full"
    """`narrow`: the studio's narrow networks, for trials."""
    only: tuple[str, ...] = ()
    """Ids of the experiments of Problem 4 to run; empty: all."""


SIDE_BY_SIDE = "4d-side-by-side.jpeg"
"""File name of the picture that holds the plain images (above) and Distill's (below)."""


class Laboratory:
    """The networks and pictures of one run, and where its results go."""

    def __init__(
        self, bundle: Bundle, settings: RunSettings, folder: Path, listen: Listener | None
    ) -> None:
        self.bundle = bundle
        self.settings = settings
        self.folder = folder
        self.listen = listen
        self.class_names = load_class_names(bundle.classes)
        corgi = read_image(bundle.corgi)
        self.starts = {
            space: prepare_image(corgi, normalised=space is Space.NORMALISED).to(settings.device)
            for space in Space
        }
        self.networks = {
            name: load_network(
                name, bundle, device=settings.device, seed=settings.seed, width=settings.width
            )
            for name in ("random", "pretrained", "robust")
        }

    def run(self) -> None:
        """Run everything that was asked for, one experiment after the other."""
        self.folder.mkdir(parents=True)
        save_png(self.starts[Space.PIXELS], Space.PIXELS, self.folder / "corgi.png")
        self.predict()
        wanted = self.settings.only or experiment_ids()
        for spec in SPECS:
            if spec.id in wanted:
                self.experiment(spec)
        self.compare()
        for folder in (self.folder, *filter(Path.is_dir, self.folder.iterdir())):
            self.sign(folder)

    def run_group(self, specs: tuple[Spec, ...]) -> None:
        """Run the experiments of one group only."""
        for spec in specs:
            self.experiment(spec)
        self.sign(self.folder / group_of(specs[0].id))

    def experiment(self, spec: Spec) -> None:
        """Problem 4: one of its experiments."""
        (self.folder / group_of(spec.id)).mkdir(parents=True, exist_ok=True)
        if isinstance(spec, AttackSpec):
            self.attack(spec)
        elif isinstance(spec, DreamSpec):
            self.dream(spec)
        else:
            self.invert(spec)

    def predict(self) -> None:
        """Problem 2."""
        corgi = self.starts[Space.NORMALISED]
        logits = self.networks["pretrained"](corgi)
        self._write_logits("2c", logits)
        result = PredictionsResult(
            in_features=last_in_features(self.networks["random"]),
            random_seed=self.settings.seed,
            random_top5=top_k(self.networks["random"](corgi), self.class_names),
            pretrained_top5=top_k(logits, self.class_names),
            robust_top5=top_k(self.networks["robust"](self.starts[Space.PIXELS]), self.class_names),
        )
        write_json(result, self.folder / "predictions.json")

    def attack(self, spec: AttackSpec) -> None:
        """4(a), 4(b), 4(e), 4(f)."""
        network, start = self.networks[spec.network], self.starts[spec.step.space]
        n_steps = self.settings.n_steps
        objective = log_probability_of(spec.target)
        trace = ascend(network, start, objective, spec.step, n_steps, self._reporter(spec.id))
        save_png(trace.final, spec.step.space, self.folder / f"{spec.id}.png")
        picture = load_png(self.folder / f"{spec.id}.png", spec.step.space).to(start)
        facts = verify(network, start, trace.final, spec.target, spec.step)
        after = network(trace.final)
        self._write_logits(spec.id, after)
        result = AttackResult(
            id=spec.id,
            network=spec.network,
            target=spec.target,
            target_name=self.class_names[spec.target],
            step=spec.step,
            n_steps=n_steps,
            log_p_before=facts.log_probability_before,
            log_p_after=facts.log_probability_after,
            log_p_picture=float(log_probability(network(picture), spec.target)),
            distance_l2=facts.distance_l2,
            top5_before=top_k(network(start), self.class_names),
            top5_after=top_k(after, self.class_names),
            image=f"{spec.id}.png",
            logits=f"{spec.id}-logits.npy",
            trace=_rounded(trace.steps),
        )
        write_json(result, self.folder / f"{spec.id}.json")

    def dream(self, spec: DreamSpec) -> None:
        """4(d)."""
        layer = features(self.networks["pretrained"], spec.layer)
        channel = self._liveliest_channel(layer) if spec.by_channel else None
        objective = layer_norm() if channel is None else channel_norm(channel)
        image, objectives, trace = (
            self._distill(spec.id, layer, objective)
            if spec.distill
            else self._plain(spec.id, layer, objective)
        )
        save_png(image, Space.PIXELS, self.folder / f"{spec.id}.png")
        result = DreamResult(
            id=spec.id,
            style="distill" if spec.distill else "plain",
            layer=spec.layer,
            channel=channel,
            objective=objective.name,
            start_seed=self.settings.seed,
            step=None if spec.distill else DREAM,
            n_steps=self.settings.n_steps,
            value_before=objectives[0],
            value_after=objectives[-1],
            image=f"{spec.id}.png",
            objectives=tuple(_short(value) for value in objectives),
            trace=trace,
        )
        write_json(result, self.folder / f"{spec.id}.json")

    def invert(self, spec: InversionSpec) -> None:
        """4(d) of 2022, on either network."""
        layer = features(self.networks[spec.network], spec.layer)
        objective = feature_match(layer(self.starts[spec.step.space]))
        start = random_start(self.settings.seed).to(self.settings.device)
        n_steps = self.settings.n_steps
        trace = ascend(layer, start, objective, spec.step, n_steps, self._reporter(spec.id))
        image = f"{spec.id}.jpeg"
        save_jpeg(trace.final, spec.step.space, self.folder / image)
        result = InversionResult(
            id=spec.id,
            network=spec.network,
            layer=spec.layer,
            start_seed=self.settings.seed,
            step=spec.step,
            n_steps=n_steps,
            distances=tuple(_short(-step.objective) for step in trace.steps),
            image=image,
        )
        write_json(result, self.folder / f"{spec.id}.json")

    def compare(self) -> None:
        """Put each image of Distill's way under the plain one of the same objective."""
        pairs = [
            (
                self.folder / f"{spec.id.removesuffix('-distill')}.png",
                self.folder / f"{spec.id}.png",
            )
            for spec in DREAMS
            if spec.distill
        ]
        present = [pair for pair in pairs if all(path.exists() for path in pair)]
        if present:
            save_grid(tuple(zip(*present, strict=True)), self.folder / SIDE_BY_SIDE)

    def sign(self, folder: Path) -> None:
        """Write the manifest over all that has been written into a folder."""
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            bundle_name=self.bundle.name,
            bundle_version=bundle_version(self.bundle),
            bundle_files=dict(bundle_digests(self.bundle)),
            versions=_versions(),
            device=describe_device(self.settings.device),
            seeds={"random_network": self.settings.seed, "dream_start": self.settings.seed},
            width=self.settings.width,
            n_steps=self.settings.n_steps,
            files={
                path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.is_file()
            },
        )
        write_json(manifest, folder / "manifest.json")

    def _plain(
        self, name: str, layer: Callable[[Tensor], Tensor], objective: Objective
    ) -> tuple[Tensor, tuple[float, ...], tuple[TraceStep, ...]]:
        start = random_start(self.settings.seed).to(self.settings.device)
        n_steps = self.settings.n_steps
        trace: Trace = ascend(layer, start, objective, DREAM, n_steps, self._reporter(name))
        return trace.final, tuple(s.objective for s in trace.steps), _rounded(trace.steps)

    def _distill(
        self, name: str, layer: Callable[[Tensor], Tensor], objective: Objective
    ) -> tuple[Tensor, tuple[float, ...], tuple[TraceStep, ...]]:
        config = VisualiseConfig(n_steps=self.settings.n_steps, seed=self.settings.seed)
        device = self.settings.device
        made = visualise(lambda x: layer(x.to(device)), objective, config, self._reporter(name))
        return made.image, made.objectives, ()

    def _liveliest_channel(self, layer: Callable[[Tensor], Tensor]) -> int:
        """Find what singles out a part of the corgi, not what grass or sky excite evenly."""
        spread = layer(self.starts[Space.PIXELS]).std(dim=(0, 2, 3))
        return int(spread.argmax())

    def _write_logits(self, name: str, logits: Tensor) -> None:
        np.save(self.folder / f"{name}-logits.npy", logits.detach().float().cpu().numpy())

    def _reporter(self, name: str) -> Callable[[int], None] | None:
        listen = self.listen
        if listen is None:
            return None
        return lambda done: listen(name, done, self.settings.n_steps)


def _rounded(steps: tuple[TraceStep, ...]) -> tuple[TraceStep, ...]:
    """Keep six digits: float32 has seven, and the files are committed."""
    return tuple(
        replace(
            step,
            objective=_short(step.objective),
            log_probability=None if step.log_probability is None else _short(step.log_probability),
            distance_l2=_short(step.distance_l2),
            gradient_l2=_short(step.gradient_l2),
        )
        for step in steps
    )


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _versions() -> dict[str, str]:
    packages = ("torch", "torchvision", "numpy", "opencv-python-headless")
    found = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}
