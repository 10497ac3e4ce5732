"""Answering with a vision-language base: its frames are those of the file, its words those of the evidence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.session import open as open_session
from pipelines.tools import EmbeddedTools
from pipelines.vlm_tools import VlmTools, check_base
from pvchat.chat.answer import Clip
from pvchat.chat.vlm_answer import VlmAnswerer
from pvchat.errors import ModelError, VideoError
from pvchat.evaluation.clips import moving_clip
from pvchat.models.adapter import Adapter
from pvchat.models.vlm import VLM
from pvchat.models.vlm_frames import LEAST_PIXELS, FrameBudget, read_clip
from pvchat.training.vlm_personal import adapter_config
from tests.chat.test_answer import clip as scene
from tests.models.tiny_vlm import CHAT, KINDS, tiny_vlm, tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

BUDGET = FrameBudget(max_frames=4)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    return moving_clip(picture, tmp_path_factory.mktemp("video") / "noise.mp4", seconds=3.0, fps=10).path


@pytest.fixture(scope="module", params=KINDS)
def vlm(request: pytest.FixtureRequest) -> VLM:
    return tiny_vlm(request.param)


@pytest.fixture
def clip(video: Path) -> Clip:
    return replace(scene(), video=video)


def adapters(vlm: VLM) -> dict[str, Adapter]:
    made = torch.Generator().manual_seed(0)
    personal = torch.randn(2, vlm.family.personal_width, generator=made)
    return {"1": Adapter(adapter_config(vlm, personal_tokens=2, rank=0), {"personal": personal})}


def test_an_answer_names_nobody_but_the_asked_and_says_what_the_evidence_bears_out(vlm: VLM, clip: Clip) -> None:
    held = adapters(vlm)
    answerer = VlmAnswerer(vlm, budget=BUDGET, load=held.get)
    result = answerer.answer(replace(clip, adapters={"Maria": "1"}), "Is Maria in this video?", ["Maria"])
    assert "Tom" not in result.text
    assert "Maria" in result.text
    assert result.text[-1] in ".!?"
    assert [subject.state for subject in result.facts.subjects] == ["present"]
    assert result.model["base"] == vlm.name
    assert result.model["adapters"] == "Maria"
    assert "1" in vlm
    answerer.release()
    assert len(vlm.adapters) == 0


def test_frames_are_read_once_per_video_and_the_prefix_once_per_asked_people(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = tiny_vlm("qwen3_vl")
    answerer = VlmAnswerer(vlm, budget=BUDGET)
    first = answerer.answer(clip, "Where is Tom?", ["Tom"])
    monkeypatch.setattr("pvchat.chat.vlm_answer.look", lambda *_: pytest.fail("the frames were read again"))
    answerer.answer(clip, "Where is Maria?", ["Maria"])
    monkeypatch.setattr(vlm, "read", lambda *_: pytest.fail("the prefix was read again"))
    answerer.answer(clip, "What is Maria wearing?", ["Maria"])
    assert answerer.answer(clip, "Where is Tom?", ["Tom"]).text == first.text


def test_without_evidence_the_prompt_is_another(clip: Clip) -> None:
    vlm = tiny_vlm("smolvlm")
    prompts: list[str] = []
    encode = vlm.encode
    vlm.encode = lambda text: [prompts.append(text), encode(text)][1]  # type: ignore[assignment,func-returns-value]
    answerer = VlmAnswerer(vlm, budget=BUDGET)
    answerer.answer(clip, "Where is Maria?", ["Maria"])
    assert any("Maria: present" in text for text in prompts)
    prompts.clear()
    answerer.answer(clip, "Where is Maria?", ["Maria"], use_evidence=False)
    assert not any("Notes" in text for text in prompts)


def test_a_clip_without_a_file_or_whose_file_is_gone_is_refused(clip: Clip, tmp_path: Path) -> None:
    answerer = VlmAnswerer(tiny_vlm("smolvlm"), budget=BUDGET)
    with pytest.raises(ModelError, match="has no file"):
        answerer.answer(replace(clip, video=None), "Who is here?", [])
    with pytest.raises(VideoError, match="does not exist"):
        answerer.answer(replace(clip, video=tmp_path / "gone.mp4"), "Who is here?", [])


def test_frames_are_spread_over_the_video_within_the_budget(video: Path) -> None:
    frames = read_clip(video, FrameBudget(max_frames=3, max_total_pixels=LEAST_PIXELS))
    assert len(frames.images) == 1
    frames = read_clip(video, FrameBudget(max_frames=3, max_total_pixels=3 * LEAST_PIXELS // 2 * 2))
    assert frames.times_s == pytest.approx([0.5, 1.5, 2.5], abs=0.1)
    assert sum(image.shape[0] * image.shape[1] for image in frames.images) <= 3 * LEAST_PIXELS


def test_a_session_opens_with_a_base_from_a_folder_and_answers_with_it(clip: Clip, tmp_path: Path) -> None:
    made = tiny_vlm("qwen2_5_vl")
    made.adapters.gates.detach()
    made.family.model.save_pretrained(tmp_path / "base")
    words = tokenizer()
    words.chat_template = CHAT
    words.save_pretrained(tmp_path / "base")
    (tmp_path / "base" / "preprocessor_config.json").write_text("{}")
    with open_session(tmp_path / "home", base=str(tmp_path / "base")) as session:
        tools = session._tools
    assert isinstance(tools, VlmTools)
    answer = tools.answer(clip, "Where is Maria?", ["Maria"], use_evidence=True, use_identity_bias=True, on_text=None)
    # Adapters are looked up by the name that the loaded base notes in them.
    assert answer.model["base"] == tools.base == "base"


def test_a_base_that_is_no_base_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    for name in ("nanoo", "a/b/c", "../x y", ""):
        with pytest.raises(ModelError, match="there is no base model"):
            open_session(tmp_path, base=name)
    for name in ("nano", "Qwen/Qwen3-VL-2B-Instruct"):
        check_base(name)
    with open_session(tmp_path) as session:
        assert type(session._tools) is EmbeddedTools
