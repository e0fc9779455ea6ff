"""The `studio` bundle: networks small enough to train at home, in the course's file formats.

The project draws its own pictures of a few ImageNet classes (`classes`), trains a narrow ResNet-50
on them normally and another adversarially (`train`), pads both with zeros to the full-size network
(`narrow`) and writes them where the course's notebook looks for them (`install`). Nothing here
needs a network connection.
"""
