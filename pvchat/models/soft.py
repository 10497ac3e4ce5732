"""Soft tokens in their places: one embedded prompt prefix for a clip and its asked people."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pvchat.chat.prompt import SCENE, subject_of
from pvchat.models.nano import Nano, NanoInputs, NanoOutputs, Personal


def splice(
    ids: Tensor, embedding: nn.Module, outputs: NanoOutputs, names: Sequence[Sequence[int]] | None = None
) -> Tensor:
    """Word embeddings with the soft tokens in the places of their placeholders.

    Args:
        ids: (B, N), negative where a soft token stands; the i-th placeholder of a kind takes the i-th token of it.
        embedding: of the language model. outputs: soft tokens of the same batch.
        names: where the words of each subject's name stand, the same for all rows; what fine-tuning learned of the
            name is added there.

    Returns:
        (B, N, E) in the embedding's precision.
    """
    words: Tensor = embedding(ids.clamp(min=0))
    states = words.clone()
    for row in range(len(ids)):
        for placeholder in torch.unique(ids[row][ids[row] < 0]).tolist():
            if placeholder == SCENE:
                tokens = outputs.scene_tokens[row]
            else:
                tokens = outputs.personal_tokens[row, subject_of(placeholder)]
            states[row, ids[row] == placeholder] = tokens.to(states.dtype)
    if names is not None and outputs.names is not None:
        for subject, places in enumerate(names):
            states[:, list(places)] += outputs.names[subject].to(states.dtype)
    return states


@torch.inference_mode()
def prefix_embeddings(
    nano: Nano,
    inputs: NanoInputs,
    ids: Sequence[int],
    personal: Personal | None = None,
    names: Sequence[Sequence[int]] | None = None,
) -> Tensor:
    """(n, E) embedded prefix of one clip (a batch of 1).

    Args:
        nano: the loaded model. inputs: the clip and its subjects. ids: of `pvchat.chat.prompt.prefix_ids`.
        personal: of the subjects' adapters, or None. names: of `pvchat.chat.prompt.name_places`.
    """
    outputs = nano.model(inputs, personal)
    row = torch.tensor([list(ids)], device=nano.language.device)
    return splice(row, nano.language.embedding, outputs, names)[0]
