"""Twins: a network built again with the same weights, to read melodies of any length or to count more exactly."""

from __future__ import annotations

from typing import Any, Literal

import keras

Precision = Literal["float32", "float64"]


def any_length(network: Any, precision: Precision = "float32") -> Any:
    """Return a network's twin that reads any number of steps and predicts after each of them.

    Args:
        network: steppable (`OneStep`).
        precision: of its numbers.
    """
    return _twin(network, (None,), precision, return_sequences=True)


def exact(network: Any) -> Any:
    """Return a network's twin that counts in float64."""
    return _twin(network, (network.inputs[0].shape[1],), "float64")


def _twin(network: Any, steps: tuple[int | None], precision: Precision, **recurrent: Any) -> Any:
    read = network.inputs[0]

    def changed(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.layers.RNN):
            config |= recurrent
        if not isinstance(layer, keras.layers.InputLayer):
            _in_precision(config, precision)
        return type(layer).from_config(config)

    entry = keras.Input((*steps, *read.shape[2:]), dtype=read.dtype, name=read.name)
    entries = keras.tree.pack_sequence_as(network.input, [entry])
    twin = keras.models.clone_model(network, input_tensors=entries, clone_function=changed)
    twin.set_weights(network.get_weights())
    return twin


def _in_precision(config: dict[str, Any], precision: Precision) -> None:
    """Change the precision of a layer, and of the layers within it, in its configuration."""
    if "dtype" in config:
        config["dtype"] = precision
    for inner in config.values():
        if isinstance(inner, dict) and isinstance(inner.get("config"), dict) and "dtype" in inner["config"]:
            _in_precision(inner["config"], precision)
