"""Which tier a run gets, and what is said where it cannot be had."""

from __future__ import annotations

import errno

import pytest

from grader.sandbox import cgroups, tiers
from grader.sandbox.tiers import GUARANTEES, Support, Tier, Wish, choose_tier, host_support
from reference.errors import ConfigError, GraderFault

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


# -- by an accident nothing is run in a weaker tier -----------------------------------------------

Trial = tuple[int | None, str]
WELL: Trial = (0, "")
ACCIDENTS: tuple[Trial, ...] = (
    (None, ""),
    (137, ""),
    (1, "bwrap: fork: Resource temporarily unavailable"),
    (1, "bwrap: Can't mkdir: No space left on device"),
)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def trials(monkeypatch: pytest.MonkeyPatch, *results: Trial) -> None:
    left = iter(results)
    monkeypatch.setattr(tiers, "_trial", lambda: next(left))


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_a_trial_box_that_is_lost_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, no_pauses: None, accident: Trial
) -> None:
    monkeypatch.setattr(tiers, "cgroups_usable", lambda: True)
    trials(monkeypatch, accident, accident, WELL)
    assert host_support.__wrapped__() == STRONG


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_trial_boxes_that_are_all_lost_are_a_fault_and_no_weaker_tier(
    monkeypatch: pytest.MonkeyPatch, no_pauses: None, accident: Trial
) -> None:
    trials(monkeypatch, *[accident] * 3)
    with pytest.raises(GraderFault, match="although bubblewrap is installed"):
        host_support.__wrapped__()


def test_a_trial_that_raises_is_an_accident_too(
    monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    def lost() -> Trial:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(tiers, "_trial", lost)
    with pytest.raises(GraderFault, match="Cannot allocate memory"):
        host_support.__wrapped__()


@pytest.mark.parametrize(
    ("number", "usable"), [(errno.EACCES, False), (errno.EROFS, False), (errno.ENOMEM, None)]
)
def test_a_control_group_that_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch, no_pauses: None, number: int, usable: bool | None
) -> None:
    def fails(**_: object) -> None:
        raise OSError(number, "no group")

    monkeypatch.setattr(cgroups, "make_cgroup", fails)
    monkeypatch.setattr(tiers, "cgroups_usable", cgroups.cgroups_usable.__wrapped__)
    trials(monkeypatch, WELL)
    if usable is None:
        with pytest.raises(GraderFault, match="control group"):
            host_support.__wrapped__()
    else:
        assert host_support.__wrapped__().tier is Tier.BUBBLEWRAP
