"""Attacks at once are the attacks one by one."""

from __future__ import annotations

import pytest
import torch

from reference.attack import ascend, log_probability_of
from reference.bundles import get_bundle
from reference.errors import ConfigError
from reference.images import prepare_image, read_image
from reference.networks import load_network
from reference.run_records import Norm, Space, StepConfig
from reference.together import ascend_together

TARGETS = (76, 282, 151)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(
    "config",
    [
        StepConfig(step_size=0.02, space=Space.NORMALISED, eps_l2=None, norm=Norm.ABS),
        StepConfig(step_size=0.5, space=Space.PIXELS, eps_l2=2.0, norm=Norm.L2),
    ],
    ids=["abs, no ball", "l2, ball"],
)
def test_each_image_goes_its_own_way(config: StepConfig, device: str) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU")
    bundle = get_bundle("studio-narrow")
    network = load_network("pretrained", bundle, device=device, width="narrow")
    normalised = config.space is Space.NORMALISED
    start = prepare_image(read_image(bundle.corgi), normalised=normalised).to(device)

    found = ascend_together(network, start, torch.tensor(TARGETS, device=device), config, 5)

    for index, target in enumerate(TARGETS):
        alone = ascend(network, start, log_probability_of(target), config, 5)
        wanted = torch.tensor([step.log_probability for step in alone.steps])
        assert torch.allclose(found.log_probability[:, index].cpu(), wanted, atol=1e-3, rtol=1e-3)
        difference = (found.final[index] - alone.final[0]).norm() / alone.final.norm()
        assert float(difference) < 1e-3


def test_steps_cannot_be_fewer_than_none() -> None:
    with pytest.raises(ConfigError, match="at least 0"):
        ascend_together(
            lambda x: x.flatten(1),
            torch.zeros(1, 3, 2, 2),
            torch.tensor([0]),
            StepConfig(step_size=1.0, space=Space.PIXELS, eps_l2=None, norm=Norm.L2),
            -1,
        )
