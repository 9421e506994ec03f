"""The configuration of a model in a Keras file: checked for code, and converted to what Keras 3 reads."""

from __future__ import annotations

from typing import Any

import keras

from antiphon.budgets import LAYER_UNITS, NETWORK_LAYERS
from antiphon.errors import UserError

_NAMESPACES = (keras.layers, keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies)
_MODELS = ("Functional", "Sequential", "Model")
_OPERATIONS = ("OneHot", "Sum", "Add", "Multiply", "Concatenate", "Softmax", "Cast", "__keras_tensor__")
_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Keras' own layers that run code from the file."""
_GONE = ("time_major", "implementation", "batch_input_shape", "input_dim", "input_length", "ragged", "sparse")
"""Arguments of Keras 2 that Keras 3 refuses. `time_major` is dropped only where it is False."""
_SIZES = ("units", "input_dim", "output_dim", "num_tokens", "filters", "n")
"""Arguments that say how many numbers a layer makes room for."""
_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")


def clean(config: Any) -> Any:
    """Return a model's configuration as Keras 3 reads it.

    Args:
        config: decoded from JSON, of Keras 2 or 3.

    Raises:
        UserError: it names a class that isn't Keras' own, or runs code.
    """
    if isinstance(config, list):
        return [clean(each) for each in config]
    if not isinstance(config, dict):
        return config
    if not isinstance(config.get("class_name"), str):
        return {key: clean(value) for key, value in config.items()}
    config = {key: value for key, value in config.items() if key != "compile_config"}
    _check(config)
    name, inner = config["class_name"], config.get("config")
    _check_sizes(name, inner)
    if name in _MODELS:
        if "module" in config:  # Keras 2.12 and later wrote other modules
            config["module"] = "keras" if name != "Functional" else "keras.src.models.functional"
        inner = {"layers": inner} if isinstance(inner, list) else inner
        if name == "Sequential" and isinstance(inner, dict):
            inner = inner | {"layers": _with_input(inner["layers"])}
    elif isinstance(inner, dict) and hasattr(keras.layers, name):
        inner = _clean_layer(name, inner)
    return {key: clean(value) for key, value in config.items()} | {"config": clean(inner)}


def _check(config: dict[str, Any]) -> None:
    """Refuse a class that isn't Keras' own, or that runs code.

    Raises:
        UserError: it is one.
    """
    name, inner = config["class_name"], config.get("config")
    called = inner.get("name") if isinstance(inner, dict) else None
    which = f"layer {called!r} is a {name}" if called else f"it uses {name}"
    if name in _CODE:
        raise UserError(f"{which}, which runs code from the file; use other layers of Keras instead, and train again")
    own = (
        name in _MODELS
        or name in _OPERATIONS
        or any(hasattr(namespace, name) for namespace in _NAMESPACES)
        or name == "Policy"
    )
    at_home = (config.get("module") or "keras").split(".")[0] == "keras"
    if not own or not at_home or config.get("registered_name") not in (None, name):
        raise UserError(f"{which}, which isn't part of Keras; the file doesn't hold its code, and it wouldn't be run")


def _check_sizes(name: str, inner: Any) -> None:
    """Refuse a layer for which Keras would need more memory than any melody network does.

    Raises:
        UserError: it is too large, or there are too many layers.
    """
    if not isinstance(inner, dict):
        return
    layers = inner.get("layers")
    if isinstance(layers, list) and len(layers) > NETWORK_LAYERS:
        raise UserError(f"has {len(layers):,} layers; at most {NETWORK_LAYERS:,} are read")
    shapes = [inner.get(key) for key in ("batch_shape", "batch_input_shape", "target_shape")]
    sizes = [inner.get(key) for key in _SIZES]
    sizes += [size for shape in shapes if isinstance(shape, list) for size in shape]
    largest = max((size for size in sizes if isinstance(size, (int, float))), default=0)
    if largest > LAYER_UNITS:
        raise UserError(f"layer {inner.get('name', name)!r} has a size of {largest:,}; at most {LAYER_UNITS:,} is read")


def _clean_layer(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's configuration with the arguments and defaults of Keras 3.

    Raises:
        UserError: it has time_major=True.
    """
    if config.get("time_major"):
        raise UserError(f"layer {config.get('name')!r} has time_major=True, which Keras 3 no longer knows")
    cleaned = {key: value for key, value in config.items() if key not in _GONE}
    if name == "InputLayer":
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        return cleaned | {"batch_shape": [None, *shape[1:]] if shape else shape}
    cleaned.pop("batch_shape", None)
    for key, value in cleaned.items():
        if isinstance(value, dict) and "module" not in value and hasattr(keras.layers, value.get("class_name", "")):
            cleaned[key] = value | {"module": "keras.layers"}  # a layer within a layer: Keras 2 didn't write its module
    if "dtype" in cleaned:
        cleaned["dtype"] = "float32"
    if name in _RECURRENT and "stateful" in cleaned:
        cleaned["stateful"] = False
    if name == "GRU":
        cleaned.setdefault("reset_after", False)  # the default when Keras didn't write it yet
    if name == "Embedding":
        cleaned.setdefault("input_dim", config.get("input_dim"))
    if name == "BatchNormalization" and isinstance(cleaned.get("axis"), list):
        (cleaned["axis"],) = cleaned["axis"]
    return cleaned


def _with_input(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the input layer to a Sequential model of Keras 2, which had its shape in the first layer."""
    first = layers[0] if layers else {}
    shape = first.get("config", {}).get("batch_input_shape")
    if first.get("class_name") == "InputLayer" or not shape:
        return layers
    dtype = "int32" if first["class_name"] == "Embedding" else "float32"
    entry = {"name": "read", "batch_shape": shape, "dtype": dtype}
    return [{"class_name": "InputLayer", "config": entry}, *layers]
