"""A typed wrapper over the LiteRT interpreter for networks with one image input."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from pvchat.errors import ModelError

Shape = tuple[int, ...]


class LiteRtModel:
    """One `.tflite` network: an image in, several arrays out.

    Args:
        path: the model file.
        num_threads: CPU threads of one call.
        outputs: shapes the caller relies on, without the batch axis; their order becomes the order of `run`.
            Naming outputs by shape spares the caller the converter's generated tensor names.

    Raises:
        ModelError: the file is no LiteRT model, or an expected output is missing.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1, outputs: Sequence[Shape] = ()) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise ModelError(f"{self.path} does not exist: run `pvchat weights pull`")
        try:
            self._interpreter = Interpreter(model_path=str(self.path), num_threads=num_threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{self.path.name} is not a LiteRT model: run `pvchat weights verify`") from error
        details = self._interpreter.get_input_details()[0]
        self._input: int = details["index"]
        self.input_shape: Shape = tuple(int(n) for n in details["shape"])[1:]
        self._outputs = self._match(outputs)
        # The interpreter keeps its tensors between calls, so two threads must not share one call.
        self._lock = threading.Lock()

    @property
    def side(self) -> int:
        """Height (= width) of the square input image in pixels."""
        return self.input_shape[0]

    def _match(self, wanted: Sequence[Shape]) -> list[int]:
        details: list[dict[str, Any]] = self._interpreter.get_output_details()
        available = [(tuple(int(n) for n in d["shape"])[1:], int(d["index"])) for d in details]
        if not wanted:
            return [index for _, index in available]
        found = []
        for shape in wanted:
            index = next((i for s, i in available if s == tuple(shape)), None)
            if index is None:
                shapes = ", ".join(str(s) for s, _ in available)
                raise ModelError(f"{self.path.name} has no output of shape {tuple(shape)}, it has {shapes}")
            found.append(index)
        return found

    def run(self, image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run the network once.

        Args:
            image: (H, W, C) float32 of the network's input shape, already scaled to the range it was trained with.

        Returns:
            the outputs without their batch axis, in the order asked for in the constructor.

        Raises:
            ModelError: the image has another shape.
        """
        if image.shape != self.input_shape:
            raise ModelError(f"{self.path.name} takes an image of shape {self.input_shape}, got {image.shape}")
        with self._lock:
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(image[None], dtype=np.float32))
            self._interpreter.invoke()
            return [np.asarray(self._interpreter.get_tensor(i), dtype=np.float32)[0] for i in self._outputs]
