"""TensorFlow Lite: the function of one step as the signature `step`, of builtin operations only."""

from __future__ import annotations

import tempfile
from typing import Any, cast

import keras
import tensorflow as tf

from antiphon.errors import UserError
from antiphon.melody.bundle import Quantization
from antiphon.quiet import silenced
from antiphon_trainer.conversion.context_choice import Choice
from antiphon_trainer.conversion.one_step import OneStep


def to_lite(network: Any, choice: Choice, quantization: Quantization) -> bytes:
    """Convert a network to the content of `model.tflite`.

    Args:
        network: what `choice` was made for; it holds the weights.
        choice: the function of one step, and its context: the batch is 1 for `window`, any for `stream`.
        quantization: `int8` keeps the weights in 8 bits (TensorFlow Lite's dynamic range), `none` in float32.

    Raises:
        UserError: TensorFlow Lite has no builtin operation for something in the network.
    """
    step = choice.step
    batch = None if choice.context == "stream" else 1

    def plain(token: Any, state: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), step(token, state), strict=True))

    def with_metre(token: Any, state: Any, position: Any, bar: Any) -> dict[str, Any]:
        return dict(zip(("probabilities", "state"), cast(OneStep, step)(token, state, position, bar), strict=True))

    archive = keras.export.ExportArchive()
    archive.track(network)
    signature = [
        tf.TensorSpec((batch,), tf.int32, name="token"),
        tf.TensorSpec((batch, step.state_size), tf.float32, name="state"),
        *(tf.TensorSpec((batch,), tf.int32, name=name) for name in step.inputs),
    ]
    with tempfile.TemporaryDirectory() as folder, silenced():
        archive.add_endpoint("step", with_metre if step.inputs else plain, input_signature=signature)
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["step"])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            return bytes(converter.convert())
        except Exception as error:  # noqa: BLE001 (the converter raises its own kinds, and long ones)
            text = " ".join(str(error).split())
            raise UserError(f"the network holds what TensorFlow Lite can't do by itself: {text[:200]}") from None
