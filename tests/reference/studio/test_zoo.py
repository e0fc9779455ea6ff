"""The whole of `make zoo`, with a few pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reference.studio import rating
from reference.studio.train import Phase
from reference.studio.zoo import RECIPES, Plan, make_zoo


@pytest.mark.whole
@pytest.mark.fullsize
def test_zoo_from_nothing_with_a_few_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rating, "ATTACK_STEPS", 2)
    phase = Phase(side_px=32, pictures=16, attack_steps=1, spread=True)
    plan = Plan(
        docs=tmp_path / "docs",
        data=tmp_path / "data",
        threads=1,
        recipes=tuple(
            replace(recipe, batch=8, phases=(replace(phase, lines=recipe.phases[-1].lines),))
            for recipe in RECIPES
        ),
        train_per_class=1,
        held_out_per_class=1,
        radii_l2=(1.0,),
        course_steps=2,
    )
    card = make_zoo(plan)
    assert card.retrained
    assert {p.name for p in plan.data.iterdir()} == {
        "WelshCorgi.jpeg",
        "card.json",
        "robust.pt",
        "standard.pt",
    }
    text = (plan.docs / "model-card.md").read_text("utf-8")
    assert "This run took" in text
    assert "\n\n\n" not in text
    figures = json.loads((plan.data / "card.json").read_text("utf-8"))
    assert [recipe["name"] for recipe in figures["recipes"]] == [r.name for r in RECIPES]
    shown = {
        f"studio-{line.split('studio-')[1].split('.png')[0]}.png" for line in text.split("](")[1:]
    }
    assert shown <= {p.name for p in (plan.docs / "images").iterdir()}
