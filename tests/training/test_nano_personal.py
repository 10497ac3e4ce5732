"""nano in training: exact before, exact after, and two people side by side."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pvchat.chat import prompt
from pvchat.models.nano import NanoOutputs, Personal, collate
from pvchat.models.nano_adapters import NanoAdapters
from pvchat.models.remoh import Routing, RoutingConfig
from pvchat.models.soft import prefix_embeddings, splice
from pvchat.training.nano_personal import NanoPersonal
from pvchat.training.packed_attention import PackedAttention
from pvchat.training.packing import PackedRow, pack, packed_loss
from tests.models.tiny import byte_tokenizer, tiny_config, tiny_language
from tests.training.nano_tools import clips, nano, patches, personal
from tests.training.personal_tools import disturb

SOFT = {"scene_tokens": tiny_config().num_scene_tokens, "personal_tokens": tiny_config().num_personal_tokens}


def base_loss(index: int) -> Tensor:
    """Loss of a clip with nothing attached to nano."""
    bare, clip = nano(), clips(3)[index]
    content, encode = clip.content, bare.language.encode
    turns = [
        (prompt.question_ids(encode, t.question), prompt.answer_ids(encode, t.answer, bare.language.end_id))
        for t in clip.turns
    ]
    batch = pack([PackedRow(prompt.prefix_ids(encode, ["Ana"], None, **SOFT), turns)], multiple=32)
    with torch.no_grad():
        outputs = bare.model(collate([content.arrays], [[content.subject]], "cpu"))
        states = splice(batch.ids, bare.language.embedding, outputs)
        attention = PackedAttention(bare.language.model.model)
        return packed_loss(bare.language.model, batch, states, multiple=32, attention=attention)[0]


@pytest.mark.parametrize("routing", ["dense", "remoh"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_untrained_adapter_has_exactly_the_loss_of_the_base(routing: Routing, index: int) -> None:
    model = personal(routing)
    with torch.no_grad():
        assert torch.equal(model.answer_loss([clips(3)[index]]).loss, base_loss(index))


def test_the_loss_of_several_clips_is_the_mean_over_their_tokens() -> None:
    model = personal()
    disturb(model)
    with torch.no_grad():
        together = model.answer_loss(clips(3))
        alone = [model.answer_loss([clip]) for clip in clips(3)]
    tokens = [len(found.right) for found in alone]
    assert len(together.right) == sum(tokens)
    weighed = sum(float(found.loss) * count for found, count in zip(alone, tokens, strict=True))
    assert float(together.loss) == pytest.approx(weighed / sum(tokens), abs=2e-5)


def test_gradients_reach_every_group() -> None:
    model = personal()
    disturb(model, by=0.05)
    model.answer_loss(clips(3)).loss.backward()
    for group, parameters in model.parameters().items():
        assert all(p.grad is not None for p in parameters), group
        assert any(p.grad.abs().any() for p in parameters if p.grad is not None), group


def test_training_mode_changes_what_is_held_and_not_the_gradient() -> None:
    found = []
    for mode in (False, True):
        model = personal()
        disturb(model, by=0.05)
        model.train(mode)
        loss = model.answer_loss(clips(3)).loss
        found.append([loss, *torch.autograd.grad(loss, [p for group in model.parameters().values() for p in group])])
        model.close()
    for plain, twice in zip(*found, strict=True):
        torch.testing.assert_close(twice, plain, rtol=0, atol=0)


def test_what_is_not_asked_for_is_not_trained() -> None:
    assert set(personal("dense", rank=0, pixels=False).parameters()) == {"personal"}
    assert set(personal("moh").parameters()) == {"personal", "lora", "router", "pixels"}


def test_a_part_of_the_personal_queries_can_be_trained() -> None:
    adapters = NanoAdapters(nano())
    settings = adapters.config(rank=0, routing=RoutingConfig("dense"))
    model = NanoPersonal(adapters, settings, personal_queries=1)
    disturb(model)
    queries = model.adapter().tensors["personal"]
    assert queries.shape == (tiny_config().num_personal_queries, tiny_config().hidden_size)
    assert queries[0].any()
    assert not queries[1:].any()
    with pytest.raises(ValueError, match="nano has 4"):
        NanoPersonal(adapters, settings, personal_queries=5)


def test_closing_gives_the_base_back_to_the_last_bit() -> None:
    bare = nano()
    clip = clips(3)[1].content
    given = collate([clip.arrays], [[clip.subject]], "cpu")
    ids = torch.arange(12)[None]

    @torch.no_grad()
    def run() -> tuple[Tensor, Tensor]:
        return bare.model(given).personal_tokens, bare.language.model(input_ids=ids).logits

    before = run()
    language = bare.language.model
    attention, modes = language.config._attn_implementation, [layer.training for layer in language.model.layers]
    adapters = NanoAdapters(bare)
    model = NanoPersonal(adapters, adapters.config(rank=2))
    disturb(model)
    model.train(True)
    assert not any(torch.equal(a, b) for a, b in zip(run(), before, strict=True))
    model.close()
    assert all(torch.equal(a, b) for a, b in zip(run(), before, strict=True))
    assert language.config._attn_implementation == attention
    assert [layer.training for layer in language.model.layers] == modes
    assert not any(layer.gradient_checkpointing for layer in language.model.layers)


def test_the_trained_adapter_reads_as_it_did_in_training() -> None:
    adapters = NanoAdapters(nano())
    model = NanoPersonal(adapters, adapters.config(rank=2))
    disturb(model)
    clip = clips(3)[1].content
    given = collate([clip.arrays], [[clip.subject]], "cpu", [clip.patches])
    with torch.no_grad():
        tokens = model.soft_tokens(given)
    made = model.adapter({"note": 1})
    model.close()
    adapters.put("ana", made)
    with torch.no_grad():
        again = adapters.nano.model(given, adapters.use(["ana"])).personal_tokens[:, 0]
    torch.testing.assert_close(again, tokens, atol=1e-6, rtol=1e-5)
    assert made.report == {"note": 1}


def test_an_adapter_does_not_change_when_training_goes_on() -> None:
    model = personal()
    made = model.adapter()
    before = {name: tensor.clone() for name, tensor in made.tensors.items()}
    disturb(model)
    assert all(torch.equal(made.tensors[name], tensor) for name, tensor in before.items())


def test_two_subjects_compose_and_each_reads_what_it_would_read_alone() -> None:
    adapters = NanoAdapters(nano())
    for seed, key in enumerate("ab"):
        model = NanoPersonal(adapters, adapters.config(rank=2))
        disturb(model, seed=seed)
        made = model.adapter()
        model.close()
        adapters.put(key, made)
    first, second = clips(2)
    content = first.content
    others = [content.subject, second.content.subject]
    seen = [patches(4)]

    @torch.no_grad()
    def tokens(subjects: list[int], worn: Personal | None) -> NanoOutputs:
        given = collate([content.arrays], [[others[i] for i in subjects]], "cpu", seen)
        found: NanoOutputs = adapters.nano.model(given, worn)
        return found

    both = adapters.use(["a", "b"])
    assert both is not None
    together = tokens([0, 1], both)
    base = tokens([0, 1], None)
    assert torch.equal(together.scene_tokens, base.scene_tokens)
    for index in range(2):
        assert both.pixels is not None
        one = Personal(both.queries[[index]], both.name[[index]], both.pixels[[index]])
        alone = tokens([index], one)
        torch.testing.assert_close(
            together.personal_tokens[:, index], alone.personal_tokens[:, 0], atol=1e-6, rtol=1e-5
        )
        assert not torch.allclose(together.personal_tokens[:, index], base.personal_tokens[:, index], atol=1e-3)
    swapped = tokens([1, 0], adapters.use(["b", "a"]))
    torch.testing.assert_close(swapped.personal_tokens.flip(1), together.personal_tokens, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("names", [["Ana"], ["Zoë Müller"], ["Ana", "Tom Lee"], ["Tom", "Ana", "Bo"]])
def test_the_places_of_names_hold_the_names(names: list[str]) -> None:
    language, tokenizer = tiny_language(), byte_tokenizer()
    ids = prompt.prefix_ids(language.encode, names, "Tom: absent.", **SOFT)
    places = prompt.name_places(language.encode, names, **SOFT)
    assert [tokenizer.decode([ids[i] for i in place]) for place in places] == [f" {name}:" for name in names]


def test_what_is_learned_of_a_name_changes_only_the_places_of_that_name() -> None:
    bare = nano()
    config = tiny_config()
    names = ["Ana", "Tom"]
    content = clips(2)[0].content
    given = collate([content.arrays], [[content.subject, content.subject]], "cpu")
    ids = prompt.prefix_ids(bare.language.encode, names, "Tom: absent.", **SOFT)
    places = prompt.name_places(bare.language.encode, names, **SOFT)
    nothing = Personal(torch.zeros(2, config.num_personal_queries, config.hidden_size), torch.zeros(2, 32))
    row = torch.arange(1.0, 33.0)
    named = replace(nothing, name=torch.stack([torch.zeros(32), row]))
    plain = prefix_embeddings(bare, given, ids, nothing, places)
    assert torch.equal(prefix_embeddings(bare, given, ids, None, places), plain)
    assert torch.equal(prefix_embeddings(bare, given, ids, named), plain)
    difference = prefix_embeddings(bare, given, ids, named, places) - plain
    assert difference.any(dim=1).nonzero()[:, 0].tolist() == list(places[1])
    torch.testing.assert_close(difference[list(places[1])], row.expand(len(places[1]), -1))
