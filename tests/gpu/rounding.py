"""Whether a GPU's float32 stays within the tolerances of the checks; how far TF32 leaves them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from authoring.calibration.networks import GPU, Setting, errors_of, outputs_of, truth_of
from grader.checks.tolerance import TOLERANCES, threshold
from reference.bundles import get_bundle
from reference.images import prepare_image, read_image
from reference.networks import NETWORKS, load_network
from reference.run_records import Space
from tests.gpu.rows import Row

TARGET = 282
"""Class whose log-probability is differentiated."""


def rounding(bundle_name: str, settings: Sequence[Setting] = GPU) -> Iterator[Row]:
    """Yield, for each setting, logits and gradient against float64 on the CPU."""
    bundle = get_bundle(bundle_name)
    for name in ("pretrained", "robust"):
        network = load_network(name, bundle)
        normalised = NETWORKS[name].space is Space.NORMALISED
        image = prepare_image(read_image(bundle.corgi), normalised=normalised)
        truth = truth_of(network, image, TARGET)
        for setting in settings:
            found = outputs_of(network, image, TARGET, setting, truth)
            what = f"{name} on the corgi, {setting.name}"
            error = float((found.logits - truth.logits).abs().max())
            yield _logits(what, setting, error, float(truth.logits.abs().max()))
            cosine = 1 - errors_of(found, truth)["gradient_direction"]
            yield Row(
                what=f"{what}: cosine of the gradient",
                found=f"{cosine:.6f}",
                expected=f"at least {threshold('same_direction'):g}",
                ok=None if setting.tf32 else cosine >= threshold("same_direction"),
            )


def _logits(what: str, setting: Setting, error: float, greatest: float) -> Row:
    tolerance = TOLERANCES["logits", "float32"]
    allowed = tolerance.atol + tolerance.rtol * greatest
    return Row(
        what=f"{what}: greatest error of a logit",
        found=f"{error:.3g}",
        expected=f"at most {allowed:.3g}",
        ok=None if setting.tf32 else error <= allowed,  # TF32 is off while the grader runs
    )
