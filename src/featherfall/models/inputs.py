"""The inputs of networks, as builders receive them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Channels = Mapping[str, Sequence[str]]  # names of an input's channels, by input
FILM_CHANNELS = ("red", "green", "blue")  # channels of a film


def one_film(inputs: Sequence[str], channels: Channels) -> str:
    """Return the name of the only input, a film; raises `ValueError` for any other inputs."""
    if len(inputs) != 1 or tuple(channels[inputs[0]]) != FILM_CHANNELS:
        raise ValueError(f"it takes one film, an input of the channels {', '.join(FILM_CHANNELS)}")
    return inputs[0]
