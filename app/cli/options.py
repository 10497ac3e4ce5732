"""Options that several commands share."""

from typing import Annotated

import typer

BaseOption = Annotated[
    str,
    typer.Option(
        "--base",
        envvar="PVCHAT_BASE",
        metavar="NAME",
        help="Model that answers: nano, or a vision-language model by its name on the model hub or its folder.",
    ),
]

SynthesizerOption = Annotated[
    str,
    typer.Option(
        "--synthesizer",
        envvar="PVCHAT_SYNTHESIZER",
        metavar="NAME",
        help="What makes further samples to train on: subject-diffusion, augment, ip-adapter-faceid, consisid or "
        "image-to-video.",
    ),
]
SynthesizerModelOption = Annotated[
    str,
    typer.Option(
        "--synthesizer-model",
        envvar="PVCHAT_SYNTHESIZER_MODEL",
        metavar="NAME",
        help="Its diffusers model: a name on the model hub, or a folder.",
    ),
]
SynthesizerAdapterOption = Annotated[
    str,
    typer.Option(
        "--synthesizer-adapter",
        envvar="PVCHAT_SYNTHESIZER_ADAPTER",
        metavar="FILE",
        help="Weights of IP-Adapter FaceID, a safetensors file.",
    ),
]
SynthesizerDeviceOption = Annotated[
    str,
    typer.Option(
        "--synthesizer-device",
        envvar="PVCHAT_SYNTHESIZER_DEVICE",
        metavar="NAME",
        help="Where its model runs: cuda:1, cpu; default: the GPU.",
    ),
]
OffloadOption = Annotated[
    str,
    typer.Option(
        "--offload",
        envvar="PVCHAT_SYNTHESIZER_OFFLOAD",
        metavar="HOW",
        help="What of its model waits in the main memory: none, model (each until used), sequential (each layer).",
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]
