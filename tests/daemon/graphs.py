"""Bundles whose checksums hold and whose graphs are changed in their parts, as somebody could who means harm."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from antiphon.melody.bundle import MANIFEST_FILE
from antiphon.settings import package_folder

ESSEN = package_folder() / "models" / "essen"
FLOAT = 0
SPLIT = 49
"""Numbers of the schema's: a type of tensor, an operator."""


def changed(content: bytes, change: Callable[[Any], None]) -> bytes:
    """Return a graph that `change` has changed, given the schema's `ModelT`."""
    graph = schema.ModelT.InitFromPackedBuf(content, 0)
    change(graph)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(graph.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def crashing(graph: Any) -> None:
    """Take its outputs from the operator that splits an LSTM's gates: TensorFlow Lite writes to them unchecked."""
    for operator in graph.subgraphs[0].operators:
        if graph.operatorCodes[operator.opcodeIndex].builtinCode == SPLIT:
            operator.outputs = []


def with_weights(value: float) -> Callable[[Any], None]:
    """Return a change that sets all weights and biases that are floating-point numbers to a value."""

    def change(graph: Any) -> None:
        for tensor in graph.subgraphs[0].tensors:
            buffer = graph.buffers[tensor.buffer]
            if tensor.type == FLOAT and buffer.data is not None and len(buffer.data) > 4:
                weights = np.full(len(buffer.data) // 4, value, np.float32)
                buffer.data = np.frombuffer(weights.tobytes(), np.uint8)

    return change


def other(folder: Path, files: dict[str, bytes], **changes: Any) -> Path:
    """Make a copy of the shipped bundle in which some files are others; the checksums are theirs."""
    bundle = shutil.copytree(ESSEN, folder / "other")
    for name, content in files.items():
        (bundle / name).write_bytes(content)
    manifest = json.loads((ESSEN / MANIFEST_FILE).read_text())
    sums = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in manifest["sha256"]}
    (bundle / MANIFEST_FILE).write_text(json.dumps(manifest | changes | {"sha256": sums}))
    return bundle
