"""The handout's questions in our own words, in its order, for the report."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model.assignment import Assignment

PROBLEMS: tuple[tuple[int, str], ...] = (
    (1, "Forward propagation"),
    (2, "Neural network inference"),
    (3, "Backpropagation"),
    (4, "DeepDream and adversarial attacks"),
)
"""(number, title) of each problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the handout."""

    part: str
    """Such as `3c`."""
    title: str
    """A few words."""
    text: str
    """Markdown."""


QUESTIONS: tuple[Question, ...] = (
    Question(
        part="1a",
        title="Convolution layer, forward",
        text=(
            "A one-dimensional convolution layer with kernel $W$ of size $k$ maps a signal "
            "$x_{in}$ to a signal $x_{out}$ of the same length $N$. What is its equation?"
        ),
    ),
    Question(
        part="1b",
        title="Max-pooling layer, forward",
        text=(
            "Max-pooling with stride 1 maps $x_{in}$ to a signal $x_{out}$ of another length. "
            "What are its equations, or its pseudo code?"
        ),
    ),
    Question(
        part="2a",
        title="A random network",
        text="Load the randomly initialised network. How many features enter its last layer?",
    ),
    Question(
        part="2b",
        title="The corgi through the random network",
        text="What does this network predict for the picture of the corgi?",
    ),
    Question(
        part="2c",
        title="The corgi through the pretrained network",
        text=(
            "Load the weights that were trained on ImageNet. What are the top predictions now, "
            "and what is the probability of the first?"
        ),
    ),
    Question(
        part="3a",
        title="Convolution layer, backward",
        text="What is the equation of backward propagation for the layer of 1(a)?",
    ),
    Question(
        part="3b",
        title="Gradient to the input, update of the kernel",
        text=(
            r"Given $\partial C / \partial x_{out}$ and the learning rate $\eta$: what is "
            r"$\partial C / \partial x_{in}$, and how is $W^{i}$ updated to $W^{i+1}$?"
        ),
    ),
    Question(
        part="3c",
        title="Boundaries of the convolution",
        text="How are the ends of the signal handled, and why so?",
    ),
    Question(
        part="3d",
        title="Max-pooling layer, backward",
        text="What are the equations, or the pseudo code, of the backward pass through 1(b)?",
    ),
    Question(
        part="3e",
        title="Boundaries of the pooling",
        text="How are the ends of the signal handled, and why so?",
    ),
    Question(
        part="4a",
        title="Towards a tarantula",
        text=(
            "Change the picture so that the log-probability of *tarantula* (class 76) rises. "
            "Show the picture and the new probabilities."
        ),
    ),
    Question(
        part="4b",
        title="Towards a tiger cat",
        text=(
            "Do the same for *tiger cat* (class 282). Show the picture and the new probabilities."
        ),
    ),
    Question(
        part="4c",
        title="Comparing the two",
        text="Why does the picture of (b) look more like the original than that of (a)?",
    ),
    Question(
        part="4d",
        title="Exciting inner layers",
        text=(
            "Change a random picture so that the l2 norm of an inner layer rises, for three "
            "layers or units. Give the objectives and show pictures that clearly differ from "
            "the start."
        ),
    ),
    Question(
        part="4e",
        title="A robust network",
        text=(
            "Repeat (b) on the network that was trained to be robust. What are the top classes, "
            "and how does the picture look now?"
        ),
    ),
    Question(
        part="4f",
        title="Other classes (bonus)",
        text="Move the picture to other classes and show more examples of perturbations.",
    ),
)
"""Every question, in the handout's order."""


def questions_of(assignment: Assignment) -> tuple[Question, ...]:
    """Return an offering's questions: its own where it has them, else 2021's of the same id."""
    usual = {question.part: question for question in QUESTIONS}
    return tuple(
        usual[part.id]
        if part.id in usual and not part.question
        else Question(part=part.id, title=part.title, text=part.question)
        for part in assignment.parts
    )
