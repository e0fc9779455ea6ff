"""Logits to probabilities and names."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from reference.classify import load_class_names, log_probability, probabilities, top_k
from reference.errors import ConfigError


def test_probabilities_of_a_known_case() -> None:
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)]])
    torch.testing.assert_close(probabilities(logits), torch.tensor([[0.125, 0.25, 0.625]]))
    assert float(log_probability(logits, 1)) == pytest.approx(math.log(0.25))


def test_large_logits_do_not_overflow() -> None:
    logits = torch.tensor([[1e4, 0.0]])
    assert probabilities(logits).tolist() == [[1.0, 0.0]]
    assert float(log_probability(logits, 1)) == pytest.approx(-1e4)


def test_top_k_is_ordered_and_named() -> None:
    found = top_k(torch.tensor([[0.0, 3.0, 1.0]]), ("a", "b", "c"), k=2)
    assert [(p.class_id, p.name, p.logit) for p in found] == [(1, "b", 3.0), (2, "c", 1.0)]
    assert found[0].probability == pytest.approx(math.e**3 / (1 + math.e + math.e**3))


def test_top_k_wants_a_name_per_class() -> None:
    with pytest.raises(ConfigError, match=r"expected logits of shape \(1, 2\)"):
        top_k(torch.zeros(1, 3), ("a", "b"))


def test_class_names_are_the_last_synonyms(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    lines = ["tench, Tinca tinca"] + [f"class{i}" for i in range(1, 1000)]
    path.write_text("\n".join(lines) + "\n")
    names = load_class_names(path)
    assert (len(names), names[0], names[999]) == (1000, "Tinca tinca", "class999")


@pytest.mark.parametrize(
    ("text", "message"), [(None, "found no file"), ("a\nb\n", "1000 lines, one per class, found 2")]
)
def test_a_wrong_class_file_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "classes.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_class_names(path)
