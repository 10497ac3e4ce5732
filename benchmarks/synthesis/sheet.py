"""Make the picture of samples in docs/: the man of the carphone clip as filmed, and what is made of him.

    python -m benchmarks.synthesis.sheet --out docs/images/subject-diffusion.jpg

From above: frames of the video; stills that passed the gate; each further row is a clip.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from benchmarks.people.build import Cut, Workshop
from benchmarks.people.media import demo_media
from benchmarks.remoh.people import Person, Studio
from benchmarks.synthesis.diffusion import filmed_shots
from pipelines.synthesize.judging import judge_sample
from pipelines.tools import EmbeddedTools
from pvchat.errors import PVChatError
from pvchat.perception.geometry import Image, resize
from pvchat.synthesis.subject_diffusion import SubjectDiffusionSynthesizer
from pvchat.synthesis.synthesizer import SHOT_FPS, Sample

KEY = "CAR"
COLUMNS, ROWS_OF_STILLS, CLIPS = 8, 2, 3
_TILE_PX = 120
_QUALITY = 88


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the samples and write the sheet."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.synthesis.sheet", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where the JPEG is written")
    options = parser.parse_args(arguments)
    try:
        with TemporaryDirectory(prefix="samples-sheet-") as folder:
            rows = _rows(Path(folder))
    except PVChatError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    sheet = np.vstack([np.hstack([_tile(image) for image in row]) for row in rows])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(options.out), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return 0


def _rows(folder: Path) -> list[Sequence[Image]]:
    media = demo_media()
    studio = Studio(Workshop(folder / "clips", media, lambda line: None), folder / "seen")
    entry, _, shots = filmed_shots(studio, Person(KEY, "Carphone", Cut(KEY, 0.0, 1.0), (), False))
    maker, tools = SubjectDiffusionSynthesizer(studio.models.mesh.landmarks), EmbeddedTools()
    stills: list[Sample] = []
    clips: list[Sample] = []
    wanted = COLUMNS * ROWS_OF_STILLS
    for sample in maker.generate(shots(maker.fps), [], 4 * wanted, seed=7):
        kept = stills if sample.kind == "still" else clips
        if judge_sample(tools, entry, sample, folder / f"{sample.index:03}")["kept"]:
            kept.append(sample)
        if len(stills) >= wanted and len(clips) >= CLIPS:
            break
    source = [frame for shot in shots(SHOT_FPS) for frame in shot.frames]
    chosen = [source[int((index + 0.5) * len(source) / COLUMNS)] for index in range(COLUMNS)]
    pictures = [sample.frames[0] for sample in stills[:wanted]]
    rows: list[Sequence[Image]] = [chosen]
    rows += [pictures[first : first + COLUMNS] for first in range(0, len(pictures) - COLUMNS + 1, COLUMNS)]
    return [*rows, *(sample.frames[:COLUMNS] for sample in clips[:CLIPS])]


def _tile(image: Image) -> Image:
    return resize(image, round(_TILE_PX * image.shape[1] / image.shape[0]), _TILE_PX)


if __name__ == "__main__":
    sys.exit(main())
