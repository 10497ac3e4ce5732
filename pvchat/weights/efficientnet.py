"""EfficientNet-Lite0: the published checkpoint as safetensors."""

from pathlib import Path

from pvchat.errors import WeightsError

FILENAME = "efficientnet-lite0.safetensors"


def convert(source: Path, folder: Path) -> None:
    """Write the state dict in `source` (a `.pth` file) to `folder` as safetensors, keys unchanged.

    This is the only place that opens the published pickle, and it does so with `weights_only=True`.

    Raises:
        WeightsError: the file holds anything but named tensors.
    """
    import torch
    from safetensors.torch import save_file

    state = torch.load(source, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{source.name} is not a dictionary of tensors")
    save_file(
        {str(key): value.detach().clone().contiguous() for key, value in state.items()},
        folder / FILENAME,
        metadata={"format": "pt"},
    )
