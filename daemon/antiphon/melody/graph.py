"""The graph: a TensorFlow Lite model with one signature, whose names and shapes are checked before it is run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from antiphon.errors import UserError

Shape = tuple[int, ...]


class Graph:
    """An interpreter of one graph on one thread, and the tensors of its signature. Not for two threads at once.

    Args:
        content: of the `.tflite` file.
        signature: the function that is called.
        where: the file, for messages.
        remedy: what the user does about a file that doesn't fit, for messages.

    Raises:
        UserError: the graph has no such signature.
    """

    def __init__(self, content: bytes, signature: str, where: str, remedy: str) -> None:
        from ai_edge_litert.interpreter import Interpreter  # takes 0.2 s to import, which only playing needs

        self._where = where
        self._remedy = remedy
        # One thread: for networks this small a second one costs more than it saves.
        self.interpreter = Interpreter(model_content=content, num_threads=1)
        if signature not in self.interpreter.get_signature_list():
            raise UserError(f"{where} has no signature {signature!r}; {remedy}")
        # The runner isn't kept: while it lives, the interpreter refuses to be resized.
        runner = self.interpreter.get_signature_runner(signature)
        self._details: dict[str, Any] = runner.get_input_details()
        self.inputs: dict[str, int] = {name: detail["index"] for name, detail in self._details.items()}
        """Name → index of the tensor."""
        self.outputs: dict[str, int] = {name: each["index"] for name, each in runner.get_output_details().items()}
        """Name → index of the tensor."""

    def check_names(self, inputs: Collection[str], outputs: Collection[str]) -> None:
        """Check what the signature takes and gives.

        Raises:
            UserError: that is something else.
        """
        if set(self.inputs) != set(inputs) or set(self.outputs) != set(outputs):
            raise UserError(
                f"{self._where} takes {sorted(self.inputs)} and gives {sorted(self.outputs)}, "
                f"and not {sorted(inputs)} and {sorted(outputs)}; {self._remedy}"
            )

    def allocate(self, batch: int | None = None) -> None:
        """Allocate the tensors, with another size of the inputs' first axis if a `batch` is given."""
        if batch is not None:
            for detail in self._details.values():
                self.interpreter.resize_tensor_input(detail["index"], [batch, *detail["shape"][1:]])
        self.interpreter.allocate_tensors()

    def shape(self, tensor: int) -> Shape:
        """Return the shape of a tensor as it is allocated."""
        details = self.interpreter.get_tensor_details()
        return next(tuple(int(size) for size in each["shape"]) for each in details if each["index"] == tensor)

    def check_shapes(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> None:
        """Check the shapes of tensors as they are allocated.

        Raises:
            UserError: one is of another shape.
        """
        for tensors, shapes, verb in ((self.inputs, inputs, "takes"), (self.outputs, outputs, "gives")):
            for name, expected in shapes.items():
                found = self.shape(tensors[name])
                if found != expected:
                    label = f"the {name} that it {verb}" if name in self.inputs and name in self.outputs else name
                    raise UserError(f"{self._where}: {label} has shape {found}, and not {expected}; {self._remedy}")
