"""The experiments of an offering, read from its `assignment.toml`: those never run can be added.

A new year sets other targets or steps in its file; no code says so a second time. What is added
lies in the cache, in a folder of the offering's name, and `load_expected` finds it there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from reference.bundles import writing_to_cache
from reference.errors import ConfigError
from reference.expected import added_folder, load_expected
from reference.experiments import add_experiments
from reference.run_records import Norm, Space, StepConfig
from reference.specs import N_STEPS, STAGE, AttackSpec, InversionSpec, Spec

if TYPE_CHECKING:
    from reference.bundles import Bundle
    from reference.expected import Expected
    from reference.laboratory import Listener, RunSettings

TOML = "assignment.toml"
"""File name within the folder of an offering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Experiment:
    """What this package reads of `[experiments.<part>]`."""

    objective: Literal["log_probability", "layer_norm", "feature_distance"]
    network: Literal["pretrained", "robust"]
    space: Space
    step_size: Annotated[float, Field(gt=0)]
    norm: Norm
    n_steps: Annotated[int, Field(gt=0, le=N_STEPS)]
    target: Annotated[int, Field(ge=0, lt=1000)] | None = None
    eps_l2: Annotated[float, Field(gt=0)] | None = None
    layers: tuple[int, ...] = ()

    @property
    def step(self) -> StepConfig:
        """Settings of its steps."""
        return StepConfig(
            step_size=self.step_size, space=self.space, eps_l2=self.eps_l2, norm=self.norm
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What this package reads of an offering's file."""

    name: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")]
    experiments: dict[str, _Experiment] = field(default_factory=dict)


_FILE = TypeAdapter(_File)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferingSpecs:
    """What an offering wants of the reference."""

    name: str
    """Of the offering; the group of its experiments."""
    specs: tuple[AttackSpec | InversionSpec, ...]
    """All of them, run or not."""
    n_steps: int
    """Steps of the longest."""


def specs_of(path: Path) -> OfferingSpecs:
    """Read an offering's experiments.

    Args:
        path: Its folder, or a `.toml` file.

    Raises:
        ConfigError: there is no such file, or an experiment in it cannot be run.
    """
    file = path / TOML if path.is_dir() else path
    try:
        found = _FILE.validate_python(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: expected the file of an offering, found: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {key}: {first['msg']}, found {first['input']!r}") from error
    specs: list[AttackSpec | InversionSpec] = []
    for part, one in found.experiments.items():
        if one.objective == "log_probability":
            if one.target is None:
                raise ConfigError(f"{file}: experiments.{part}.target: expected the id of a class")
            specs.append(
                AttackSpec(
                    id=f"{found.name}/attack-{part}",
                    network=one.network,
                    target=one.target,
                    step=one.step,
                )
            )
        elif one.objective == "feature_distance":
            specs += [
                InversionSpec(
                    id=f"{found.name}/inversion-{one.network}-{STAGE.format(layer + 1)}",
                    network=one.network,
                    layer=STAGE.format(layer + 1),
                    step=one.step,
                )
                for layer in one.layers
            ]
    longest = max((one.n_steps for one in found.experiments.values()), default=0)
    return OfferingSpecs(name=found.name, specs=tuple(specs), n_steps=longest)


def lacking(wanted: OfferingSpecs, expected: Expected) -> tuple[Spec, ...]:
    """Return the experiments that no expected output, but those of the offering, answers."""
    group = f"{wanted.name}/"
    attacks = {
        (a.network, a.target, a.step)
        for a in expected.attacks
        if a.n_steps >= wanted.n_steps and not a.id.startswith(group)
    }
    inversions = {
        (i.network, i.layer, i.step)
        for i in expected.inversions
        if i.n_steps >= wanted.n_steps and not i.id.startswith(group)
    }
    return tuple(
        spec
        for spec in wanted.specs
        if (
            (spec.network, spec.target, spec.step) not in attacks
            if isinstance(spec, AttackSpec)
            else (spec.network, spec.layer, spec.step) not in inversions
        )
    )


def add_offering(
    bundle: Bundle, path: Path, settings: RunSettings, listen: Listener | None = None
) -> tuple[str, ...]:
    """Run what an offering wants and nobody has run yet; return the ids of what was run.

    Args:
        bundle: Weights and pictures.
        path: Folder or `.toml` of the offering.
        settings: Device, seed; steps are as many as the offering's longest experiment has.
        listen: As in `run_experiments`.

    Raises:
        ConfigError: the offering cannot be read, the bundle has no expected outputs yet, or the
            cache cannot be written to.
    """
    wanted = specs_of(path)
    specs = lacking(wanted, load_expected(bundle.name))
    if specs:
        target = added_folder(bundle.name) / wanted.name
        with writing_to_cache():
            add_experiments(
                bundle, target, specs, replace(settings, n_steps=wanted.n_steps), listen
            )
    return tuple(spec.id for spec in specs)
