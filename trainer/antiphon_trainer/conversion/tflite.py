"""TensorFlow Lite: functions of a Keras network as the content of a `.tflite` file, of builtin operations only."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any, cast

import keras
import tensorflow as tf

from antiphon.errors import UserError
from antiphon.melody.bundle import Quantization
from antiphon.quiet import silenced
from antiphon_trainer.conversion.context_choice import Choice
from antiphon_trainer.conversion.one_step import OneStep


def step_to_tflite(network: Any, choice: Choice, quantization: Quantization) -> bytes:
    """Return the content of `model.tflite`: one step of a network as the signature `step`.

    Args:
        network: holds the weights.
        choice: the network as a function of one step, and its context: the batch is 1 for `window`, any for `stream`.
        quantization: `int8` stores the weights in 8 bits (TensorFlow Lite's dynamic range), `none` in float32.

    Raises:
        UserError: TensorFlow Lite has no builtin operation for something in the network.
    """
    step = choice.step
    batch = None if choice.context == "stream" else 1

    def plain(token: Any, state: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), step(token, state), strict=True))

    def with_metre(token: Any, state: Any, position: Any, bar: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), cast(OneStep, step)(token, state, position, bar), strict=True))

    inputs = [
        tf.TensorSpec((batch,), tf.int32, name="token"),
        tf.TensorSpec((batch, step.state_size), tf.float32, name="state"),
        *(tf.TensorSpec((batch,), tf.int32, name=name) for name in step.inputs),
    ]
    return export("step", network, with_metre if step.inputs else plain, inputs, quantization)


def export(
    signature: str,
    network: Any,
    function: Callable[..., dict[str, Any]],
    inputs: Sequence[Any],
    quantization: Quantization = "none",
) -> bytes:
    """Export one function of a network as a signature.

    Args:
        signature: its name.
        network: holds the weights.
        function: tensors by the names in `inputs` → tensors by name.
        inputs: a `tf.TensorSpec` for each input.
        quantization: of the weights.

    Raises:
        UserError: TensorFlow Lite has no builtin operation for something in the function.
    """
    archive = keras.export.ExportArchive()
    archive.track(network)
    with tempfile.TemporaryDirectory() as folder, silenced():
        archive.add_endpoint(signature, function, input_signature=list(inputs))
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            return bytes(converter.convert())
        except Exception as error:  # noqa: BLE001 (the converter raises exceptions of its own, with long texts)
            text = " ".join(str(error).split())
            raise UserError(f"the network has an operation that TensorFlow Lite lacks: {text[:200]}") from None
