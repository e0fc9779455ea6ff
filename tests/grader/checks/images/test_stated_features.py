"""Issue 15, §4, numbers in words: what a written answer to 2(a) states."""

from __future__ import annotations

import pytest

from grader.checks.images.stated_features import Stated, features_stated, shows_last_layer

ANSWERS = {2048, 256}

RIGHT = (
    "2048",
    "2,048 features",
    "2 048",
    "2048 of them",
    r"\(2{,}048\)",
    "$2048$",
    "2048-dimensional vector",
    "2048d",
    "256",
    "It is `model.fc.in_features`, 2048 for ResNet-50: the channels that `layer4` leaves.",
    "512 × 4 = 2048",
    "512*4 = 2048 features",
    "1 × 1 × 2048 = 2048",
    "Linear(in_features=2048, out_features=1000, bias=True)",
    "2048 inputs and 1000 outputs",
    "2048, as the fc layer maps 2048 → 1000 classes",
    "The last layer is 2048 × 1000.",
    "torch.Size([1000, 2048])",
    "shape (1, 2048)",
    "2048 (not 1000)",
    "2048 features, after a 7×7×2048 feature map is pooled",
    "The input of the last layer (fc) has 2048 features; its output has 1000.",
    "It takes in 2048 values and gives out 1000.",
    "ResNet 50 has 2048",
    r"$2^{11}$ features",
    "2^11 = 2048",
    "2**11",
    "2\u00b9\u00b9 features",
    "It has 1000 outputs, so the answer is 2048.",
    "The weight is (1000, 2048), so 2048 features enter.",
    "2048 features; the network has 25.6 × 10^6 parameters, so it is large",
    "ResNet-50 has 4 stages and ends with 2048, so 1000 classes come out",
)
WRONG = (
    "64 features (the first convolution has 64 filters).",
    "7 × 7 × 2048",
    "7x7x2048 features",
    "100352",
    "there are 1000",
    "fc has 1,000 features",
    "The last layer has 1000 input features",
    "not 2048 but 1000",
    "Answer: 512",
    r"$2^{10}$ features",
    "10^3",
)
CONTRADICTORY = (
    "1000 inputs and 2048 outputs",
    "out_features = 2048, in_features = 1000",
    "2048 or 1000",
    "There are 512 features and 2048 features",
    "2048 outputs",
    "The last layer is Linear(in_features=2048, out_features=1000), so 1000.",
    "2048 → 1000. Therefore the answer is 1000",
    "fc maps 2048 to 1000 values, i.e. 1000 features",
    "in_features=2048; hence there are 512",
)
NOTHING = ("", "see above", "Two thousand forty-eight", "see cell 12", "Figure 3")


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        *((text, Stated.RIGHT) for text in RIGHT),
        *((text, Stated.WRONG) for text in WRONG),
        *((text, Stated.CONTRADICTORY) for text in CONTRADICTORY),
        *((text, Stated.NOTHING) for text in NOTHING),
    ],
)
def test_features_stated_in_words(text: str, stated: Stated) -> None:
    assert features_stated(text, ANSWERS) is stated


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("list(model.modules())[-1]", True),
        ("print(list(net.children())[-1])", True),
        ("list(model.named_children())[-1]", True),
        ("list(model.children())[0]", False),
        ("list(model.children())[:-1]", False),
        ("list(results)[-1]", False),
    ],
)
def test_the_last_of_the_layers_is_shown(source: str, *, shows: bool) -> None:
    """By its place, too."""
    assert shows_last_layer([source]) is shows
