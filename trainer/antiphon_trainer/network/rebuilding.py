"""Rebuilding: a network once more with the same weights, for melodies of any length or in higher precision."""

from __future__ import annotations

from typing import Any, Literal

import keras

Precision = Literal["float32", "float64"]


def for_any_length(network: Any) -> Any:
    """Return the network rebuilt to read any number of steps, and to predict after each of them.

    Args:
        network: one that can be stepped (`conversion.one_step`).
    """
    return _rebuilt(network, (None,), "float32", return_sequences=True)


def in_float64(network: Any) -> Any:
    """Return the network rebuilt to calculate in float64."""
    return _rebuilt(network, (network.inputs[0].shape[1],), "float64")


def _rebuilt(network: Any, steps: tuple[int | None], precision: Precision, **recurrent: Any) -> Any:
    """Clone a network, its recurrent layers with other arguments, and copy the weights."""
    read = network.inputs[0]

    def changed(layer: Any) -> Any:
        config = layer.get_config()
        if isinstance(layer, keras.layers.RNN):
            config |= recurrent
        if not isinstance(layer, keras.layers.InputLayer):
            _set_precision(config, precision)
        return type(layer).from_config(config)

    entry = keras.Input((*steps, *read.shape[2:]), dtype=read.dtype, name=read.name)
    entries = keras.tree.pack_sequence_as(network.input, [entry])
    rebuilt = keras.models.clone_model(network, input_tensors=entries, clone_function=changed)
    rebuilt.set_weights(network.get_weights())
    return rebuilt


def _set_precision(config: dict[str, Any], precision: Precision) -> None:
    """Change the precision of a layer, and of the layers within it, in its configuration."""
    if "dtype" in config:
        config["dtype"] = precision
    for inner in config.values():
        if isinstance(inner, dict) and isinstance(inner.get("config"), dict) and "dtype" in inner["config"]:
            _set_precision(inner["config"], precision)
