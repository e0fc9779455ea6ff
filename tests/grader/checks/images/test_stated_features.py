"""Issue 15, §4, numbers in words: what a written answer to 2(a) states."""

from __future__ import annotations

import pytest

from grader.checks.images.stated_features import Stated, features_stated

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
)
CONTRADICTORY = (
    "1000 inputs and 2048 outputs",
    "out_features = 2048, in_features = 1000",
    "2048 or 1000",
    "There are 512 features and 2048 features",
    "2048 outputs",
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
