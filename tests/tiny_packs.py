"""Packs of insightface's real file layout, at tiny random weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DIMENSION = 512


def save_network(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: Sequence[int | str],
    outputs: Mapping[str, Sequence[int | str]],
    **constants: object,
) -> None:
    graph = helper.make_graph(
        nodes,
        path.stem,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write_pack(folder: Path, side: int = 320) -> Path:
    """A pack of the real file layout: a detector with SCRFD's nine outputs and a recognition network.

    The detector reports one face in the middle of whatever it sees; the recognition network gives the mean colours of
    the cells of a coarse grid.
    """
    folder.mkdir(parents=True)
    nodes: list[onnx.NodeProto] = []
    outputs: dict[str, Sequence[int | str]] = {}
    constants: dict[str, object] = {}
    for kind, width in (("score", 1), ("box", 4), ("points", 10)):
        for stride in (8, 16, 32):
            count = 2 * (side // stride) ** 2
            values = np.zeros((count, width), np.float32)
            if stride == 32:
                at = count // 2
                values[at] = {
                    "score": [0.9],
                    "box": [2.0, 2.0, 2.0, 2.5],
                    "points": [-0.9, -0.6, 0.9, -0.6, 0.0, 0.2, -0.7, 1.1, 0.7, 1.1],
                }[kind]
            name = f"{kind}{stride}"
            constants[f"{name}_values"] = values
            # The image is an input that must be used: its mean, times zero, is added.
            nodes += [
                helper.make_node("ReduceMean", ["image"], [f"{name}_mean"], keepdims=0),
                helper.make_node("Mul", [f"{name}_mean", "zero"], [f"{name}_nothing"]),
                helper.make_node("Add", [f"{name}_values", f"{name}_nothing"], [name]),
            ]
            outputs[name] = [count, width]
    save_network(folder / "det_tiny.onnx", nodes, [1, 3, side, side], outputs, zero=0.0, **constants)
    mixing = np.random.default_rng(0).standard_normal((3 * 49, DIMENSION))
    nodes = [
        helper.make_node("AveragePool", ["image"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mixing"], ["embedding"]),
    ]
    save_network(folder / "w600k_tiny.onnx", nodes, ["n", 3, 112, 112], {"embedding": ["n", DIMENSION]}, mixing=mixing)
    return folder
