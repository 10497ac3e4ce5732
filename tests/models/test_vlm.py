"""A vision-language base: the same words as in transformers, personal tokens in their places, adapters that swap."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE

from pvchat.chat.prompt import SCENE, personal
from pvchat.errors import ModelError
from pvchat.models.adapter import Adapter, load_adapter
from pvchat.models.vlm import VLM, PersonalTokens, load_vlm
from pvchat.models.vlm_families import family_of
from pvchat.models.vlm_frames import ClipFrames, FrameBudget, PixelSpec
from pvchat.models.vlm_prompt import template_of
from pvchat.models.vlm_qformer import QFormerFamily
from pvchat.training.vlm_personal import adapter_config
from tests.models.tiny_vlm import (
    ALL_KINDS,
    CHAT,
    HERE,
    IMAGE,
    KINDS,
    VIDEO,
    features_of,
    noise_clip,
    tiny_vlm,
    tokenizer,
)

pytestmark = pytest.mark.usefixtures("one_thread")

BUDGET = FrameBudget()
TOKENS = 3


@pytest.fixture(scope="module", params=KINDS)
def vlm(request: pytest.FixtureRequest) -> VLM:
    return tiny_vlm(request.param)


@pytest.fixture(autouse=True)
def _bare(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "vlm" in request.fixturenames:
        request.getfixturevalue("vlm").adapters.clear()


def native(vlm: VLM, clip: ClipFrames, ids: list[int]) -> torch.Tensor:
    """Logits of transformers' own model, told the frames and ids as its documentation says."""
    family = vlm.family
    pixels = family.pixels(clip, BUDGET)
    kind = family.model.config.model_type
    row = torch.tensor([ids])
    frames = row == SCENE
    inputs: dict[str, Any] = {
        "input_ids": torch.where(frames, IMAGE if kind in ("smolvlm", "idefics3", "instructblip") else VIDEO, row)
    }
    if kind.startswith("qwen"):
        inputs |= {
            "pixel_values_videos": pixels["patches"],
            "video_grid_thw": pixels["grid"],
            "mm_token_type_ids": frames.int() * 2,
        }
        if kind == "qwen2_5_vl":
            # The moments of two frames each are two seconds apart.
            inputs["second_per_grid_ts"] = pixels["times"].diff()
    elif kind in ("smolvlm", "idefics3"):
        inputs["pixel_values"] = pixels["pixels"]
    elif kind == "llava_onevision":
        inputs["pixel_values_videos"] = pixels["pixels"]
    else:
        told = torch.tensor([vlm.tokenizer(family.instruction)["input_ids"]])  # type: ignore[attr-defined]
        values = pixels["pixels"] if kind == "instructblip" else pixels["pixels"][None]
        inputs |= {"pixel_values": values, "qformer_input_ids": told}
    with torch.no_grad():
        logits: torch.Tensor = family.model(**inputs).logits
    return logits[0]


def ours(vlm: VLM, clip: ClipFrames, people: list[PersonalTokens], names: list[str]) -> torch.Tensor:
    features = features_of(vlm, clip)
    prompt = vlm.prompt(features, names, people)
    with torch.no_grad():
        states, extras = vlm.embed(torch.tensor([prompt.ids]), torch.tensor([prompt.owners]), [features], people)
        positions = vlm.family.positions(prompt.ids, features)
        positions = positions if len(positions) == 1 else positions[:, None]
        logits: torch.Tensor = vlm.family.head(vlm.hidden(states, positions, None, extras).last_hidden_state)
    return logits[0]


def someone(vlm: VLM, seed: int, *, updates: bool = False) -> Adapter:
    """A subject's adapter with random numbers in it."""
    made = torch.Generator().manual_seed(seed)
    config = adapter_config(vlm, personal_tokens=TOKENS, rank=2)
    tensors = {
        "name": torch.randn(vlm.family.width, generator=made),
        "personal": torch.randn(TOKENS, vlm.family.personal_width, generator=made),
    }
    if updates:
        vlm.adapters.create("made", config)
        for name, tensor in vlm.adapters.tensors("made").items():
            tensors[name] = tensor + 0.3 * torch.randn(tensor.shape, generator=made)
        vlm.adapters.drop("made")
    return Adapter(config, tensors)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_without_personal_tokens_the_logits_are_those_of_transformers_own_forward(kind: str) -> None:
    vlm = tiny_vlm(kind)
    # InstructBLIP knows stills alone.
    count = 1 if kind == "instructblip" else 4
    clip, another = (noise_clip(seed, frames=count) for seed in (1, 2))
    people = [PersonalTokens(None, torch.zeros(0, vlm.family.personal_width))]
    ids = vlm.prompt(features_of(vlm, clip), ["Maria"], people).ids
    mine = ours(vlm, clip, people, ["Maria"])
    assert ids.count(SCENE) > 0
    assert torch.allclose(mine, native(vlm, clip, ids), atol=2e-4)
    assert not torch.allclose(mine, ours(vlm, another, people, ["Maria"]), atol=1e-2)


def test_an_untrained_adapter_changes_nothing(vlm: VLM) -> None:
    clip = noise_clip(1)
    ids = vlm.prompt(features_of(vlm, clip), [], []).ids
    before = native(vlm, clip, ids)
    vlm.adapters.create("Maria", adapter_config(vlm, rank=4))
    assert vlm.adapters.gates.gates
    assert all(gate.on for gate in vlm.adapters.gates.gates.values())
    assert (native(vlm, clip, ids) - before).abs().max() <= 1e-5


def test_routed_heads_are_in_the_upper_half_of_a_q_former_or_in_every_fourth_layer(vlm: VLM) -> None:
    names = sorted(vlm.adapters.gates.gates)
    if isinstance(vlm.family, QFormerFamily):
        assert names == [
            "qformer.encoder.layer.2.attention.output.dense",
            "qformer.encoder.layer.2.crossattention.output.dense",
            "qformer.encoder.layer.3.attention.output.dense",
        ]
    else:
        assert names == ["language.layers.3.self_attn.o_proj"]


def test_personal_tokens_stand_at_their_places_and_change_what_follows(vlm: VLM) -> None:
    clip = noise_clip(1)
    vlm.put("Maria", someone(vlm, 1))
    people = vlm.people(["Maria"])
    features = features_of(vlm, clip)
    prompt = vlm.prompt(features, ["Maria"], people)
    ids = torch.tensor([prompt.ids])
    states, _ = vlm.embed(ids, torch.tensor([prompt.owners]), [features], people)
    _, spoken = vlm.family.visual([features], [people[0].tokens])
    assert torch.equal(states[ids == personal(0)], spoken[0][0])
    if not isinstance(vlm.family, QFormerFamily):
        assert torch.equal(spoken[0][0], people[0].tokens)
    words = vlm.family.embedding(ids.clamp(min=0))
    named = torch.tensor([prompt.owners]) == 0
    assert vlm.tokenizer.decode([prompt.ids[i] for i in named[0].nonzero()[:, 0]]) == " Maria"
    assert people[0].name is not None
    assert torch.allclose(states[named], words[named] + people[0].name)
    plain = (ids >= 0) & ~named
    assert torch.equal(states[plain], words[plain])

    other = [PersonalTokens(people[0].name, -people[0].tokens)]
    unnamed = [PersonalTokens(None, people[0].tokens)]
    last = [ours(vlm, clip, group, ["Maria"])[-1] for group in (people, other, unnamed)]
    assert not torch.allclose(last[0], last[1], atol=1e-2)
    assert not torch.allclose(last[0], last[2], atol=1e-3)


def test_a_prompt_with_other_places_than_tokens_is_refused(vlm: VLM) -> None:
    features = features_of(vlm, noise_clip(1))
    people = [PersonalTokens(None, torch.zeros(TOKENS, vlm.family.personal_width))]
    prompt = vlm.prompt(features, ["Maria"], people)
    ids = [i for i in prompt.ids if i != personal(0)]
    with pytest.raises(ModelError, match="places for"):
        vlm.embed(torch.tensor([ids]), torch.full((1, len(ids)), -1), [features], people)


def last_logits(vlm: VLM, clip: ClipFrames, subjects: list[str]) -> torch.Tensor:
    vlm.adapters.use(subjects)
    return ours(vlm, clip, vlm.people(subjects), subjects)[-1]


def test_adapters_come_back_from_disk_and_swap_without_a_trace(vlm: VLM, tmp_path: Path) -> None:
    clip = noise_clip(1)
    nobody = last_logits(vlm, clip, [])
    for seed, name in enumerate(("Maria", "Tom")):
        someone(vlm, seed, updates=True).save(tmp_path / name)
        vlm.put(name, load_adapter(tmp_path / name))
    first = {name: last_logits(vlm, clip, [name]) for name in ("Maria", "Tom")}
    again = {name: last_logits(vlm, clip, [name]) for name in ("Tom", "Maria")}
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(last_logits(vlm, clip, []), nobody)
    without = Adapter(load_adapter(tmp_path / "Maria").config, someone(vlm, 0).tensors)
    vlm.put("Maria", without)
    assert not torch.allclose(last_logits(vlm, clip, ["Maria"]), first["Maria"], atol=1e-2)
    # What was off the base and on again is what it was.
    vlm.put("Maria", load_adapter(tmp_path / "Maria"))
    assert torch.equal(last_logits(vlm, clip, ["Maria"]), first["Maria"])


def test_two_subjects_bring_their_tokens_and_leave_the_base_alone(vlm: VLM) -> None:
    clip = noise_clip(1)
    for seed, name in enumerate(("Maria", "Tom")):
        vlm.put(name, someone(vlm, seed, updates=True))
    together = last_logits(vlm, clip, ["Maria", "Tom"])
    tokens_only = ours(vlm, clip, vlm.people(["Maria", "Tom"]), ["Maria", "Tom"])[-1]
    assert torch.equal(together, tokens_only)
    vlm.adapters.clear()
    for seed, name in enumerate(("Maria", "Tom")):
        vlm.put(name, Adapter(adapter_config(vlm, personal_tokens=TOKENS, rank=0), someone(vlm, seed).tensors))
    # The same tokens without any update or router.
    plain = [PersonalTokens(t["name"], t["personal"]) for t in (someone(vlm, seed).tensors for seed in (0, 1))]
    assert torch.allclose(together, ours(vlm, clip, plain, ["Maria", "Tom"])[-1], atol=1e-5)
    changed = [plain[0], PersonalTokens(plain[1].name, -plain[1].tokens)]
    assert not torch.allclose(together, ours(vlm, clip, changed, ["Maria", "Tom"])[-1], atol=1e-2)


def test_an_adapter_of_another_base_is_refused(vlm: VLM) -> None:
    adapter = someone(vlm, 1)
    renamed = Adapter(adapter_config(vlm), adapter.tensors)
    object.__setattr__(renamed.config, "base", "tiny/other")
    with pytest.raises(ModelError, match="trained on tiny/other"):
        vlm.put("Maria", renamed)
    retrained = Adapter(adapter_config(vlm), adapter.tensors)
    object.__setattr__(retrained.config, "base_sha256", "0" * 64)
    with pytest.raises(ModelError, match="another version"):
        vlm.put("Maria", retrained)
    assert "Maria" not in vlm.adapters


def test_an_answer_is_the_likeliest_continuation_and_the_prefix_serves_again(vlm: VLM) -> None:
    clip = noise_clip(1)
    vlm.put("Maria", someone(vlm, 3, updates=True))
    features = features_of(vlm, clip)
    prefix = vlm.read(features, ["Maria"], "Maria: present.")
    heard: list[str] = []
    first = vlm.generate(prefix, "Is Maria here?", max_tokens=4, on_text=heard.append)
    vlm.generate(prefix, "Where?", max_tokens=3)
    assert vlm.generate(prefix, "Is Maria here?", max_tokens=4).text == first.text
    assert heard[-1] == first.text or first.tokens < 4

    # Without a cache, everything read anew for each token.
    vlm.adapters.use(["Maria"])
    people = vlm.people(["Maria"])
    prompt = vlm.prompt(features, ["Maria"], people, "Maria: present.")
    start = vlm.family.positions(prompt.ids, features)
    written = vlm.template.question_ids(vlm.encode, "Is Maria here?")
    answer: list[int] = []
    with torch.no_grad():
        for _ in range(first.tokens):
            ids = prompt.ids + written
            owners = prompt.owners + [-1] * len(written)
            states, extras = vlm.embed(torch.tensor([ids]), torch.tensor([owners]), [features], people)
            after = torch.arange(len(written)).expand(len(start), -1) + start.max() + 1
            positions = torch.cat([start, after], dim=1)
            positions = positions if len(positions) == 1 else positions[:, None]
            hidden = vlm.hidden(states, positions, None, extras).last_hidden_state
            token = int(vlm.family.head(hidden[0, -1]).argmax())
            answer.append(token)
            written.append(token)
    kept = [token for token in answer if token not in vlm.template.ends]
    assert vlm.tokenizer.decode(kept, skip_special_tokens=True).strip() == first.text


def test_personal_queries_leave_the_bases_reading_and_each_other_alone() -> None:
    vlm = tiny_vlm("instructblipvideo")
    features = features_of(vlm, noise_clip(1))
    made = torch.Generator().manual_seed(0)
    maria, tom = (torch.randn(TOKENS, vlm.family.personal_width, generator=made) for _ in range(2))
    bare, _ = vlm.family.visual([features], [])
    both, spoken = vlm.family.visual([features], [maria, tom])
    _, alone = vlm.family.visual([features], [tom])
    assert torch.allclose(bare[0], both[0], atol=1e-5)
    assert torch.allclose(spoken[0][1], alone[0][0], atol=1e-5)
    assert not torch.allclose(spoken[0][0], spoken[0][1], atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_base_loads_from_a_folder_offline_and_is_the_same(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    made = tiny_vlm(kind)
    folder = tmp_path / "small"
    made.adapters.gates.detach()
    made.family.model.save_pretrained(folder)
    words = tokenizer()
    if isinstance(made.family, QFormerFamily):
        words.save_pretrained(folder / "qformer_tokenizer")
    else:
        words.chat_template = CHAT
    words.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text('{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}')
    loaded = load_vlm(str(folder), HERE)
    assert loaded.name == "small"
    assert loaded.sha256 == made.sha256
    assert loaded.family.spec == PixelSpec(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    assert loaded.template == made.template
    assert loaded.constrainable
    made.family.spec = loaded.family.spec
    clip = noise_clip(1)
    assert torch.allclose(ours(loaded, clip, [], []), ours(made, clip, [], []), atol=1e-5)
    for file in folder.glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_vlm(str(folder), HERE)


@pytest.mark.parametrize("name", ["nobody/nothing", "no such folder"])
def test_a_base_that_cannot_be_had_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=name):
        load_vlm(name, HERE)


def test_a_kind_that_is_not_supported_is_told_which_are(tmp_path: Path) -> None:
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    model = BertModel(BertConfig(vocab_size=9, **shape))
    with pytest.raises(ModelError, match=r'"bert" is no supported kind.*qwen3_vl'):
        family_of(model)
    model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="smolvlm"):
        load_vlm(str(tmp_path), HERE)


def template_text(template: Any, part: str) -> str:
    text: str = tokenizer().decode(list(getattr(template, part)))
    return text


def test_a_chat_template_is_cut_where_our_words_go() -> None:
    words = tokenizer()
    smol = template_of(words, DEFAULT_CHAT_TEMPLATE.replace("<end_of_utterance>", "<|im_end|>"), [0])
    assert template_text(smol, "head") == "<|im_start|>User: "
    assert template_text(smol, "tail") == "<|im_end|>\nAssistant:"
    assert (smol.end, smol.ends) == (0, {0})
    plain_content = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] + '' }}<video>{% endfor %}"
    strings = template_of(words, plain_content, [0])
    assert template_text(strings, "head") == "[user]"
    assert strings.end == VIDEO
    assert strings.ends == {0, VIDEO}
    # A word behind the answer is no end of it.
    assert template_of(words, plain_content.replace("<video>", "over"), [0]).ends == {0}
    none = template_of(words, None, [0])
    assert vlm_turn(none) == "\nQ: Who?\nA:"
    with pytest.raises(ValueError, match="does not show the user's"):
        template_of(words, "hello", [0])


def vlm_turn(template: Any) -> str:
    words = tokenizer()
    ids = template.question_ids(lambda text: words(text, add_special_tokens=False)["input_ids"], "Who? ")
    text: str = words.decode(ids)
    return text
