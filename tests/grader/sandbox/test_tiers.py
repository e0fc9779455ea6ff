"""Which tier a run gets, and what is said where it cannot be had."""

from __future__ import annotations

import pytest

from grader.sandbox import tiers
from grader.sandbox.tiers import GUARANTEES, Support, Tier, Wish, choose_tier, host_support
from reference.errors import ConfigError

STRONG = Support(tier=Tier.CGROUP)
PLAIN = Support(tier=Tier.BUBBLEWRAP, why_not="no groups")
NONE = Support(tier=Tier.PROCESS, why_not="bubblewrap (bwrap) is not installed")


@pytest.mark.parametrize(
    ("wish", "support", "tier"),
    [
        (Wish.AUTO, STRONG, Tier.CGROUP),
        (Wish.AUTO, PLAIN, Tier.BUBBLEWRAP),
        (Wish.AUTO, NONE, Tier.PROCESS),
        (Wish.REQUIRE, STRONG, Tier.CGROUP),
        (Wish.REQUIRE, PLAIN, Tier.BUBBLEWRAP),
        (Wish.PROCESS, STRONG, Tier.PROCESS),
        (Wish.PROCESS, NONE, Tier.PROCESS),
    ],
)
def test_tier_of_a_wish(wish: Wish, support: Support, tier: Tier) -> None:
    assert choose_tier(wish, support) is tier


def test_a_required_box_that_cannot_be_had_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match=r"not installed; install bubblewrap"):
        choose_tier(Wish.REQUIRE, NONE)


def test_a_host_without_bubblewrap_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    support = host_support.__wrapped__()
    assert support == NONE


def test_a_box_that_does_not_start_is_no_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_trial", lambda: (1, "setting up uid map: Permission denied"))
    support = host_support.__wrapped__()
    assert support.tier is Tier.PROCESS
    assert "Permission denied" in support.why_not
    assert "AppArmor" in support.why_not


def test_a_host_without_control_groups_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_trial", lambda: (0, ""))
    monkeypatch.setattr(tiers, "cgroups_usable", lambda: False)
    support = host_support.__wrapped__()
    assert support.tier is Tier.BUBBLEWRAP
    assert "control groups" in support.why_not


def test_every_tier_says_what_it_guarantees() -> None:
    assert set(GUARANTEES) == set(Tier)
    assert all(GUARANTEES.values())
