"""`pvchat pretrain nano`: build, train in two phases, evaluate on what training never saw, write the checkpoint.

Steps: 1 choose the placement · 2 load the language model and add its low-rank layers · 3 phases A and B ·
4 save · 5 evaluate on held-out names, wordings and scenes · 6 write the model card.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from pvchat import weights
from pvchat.evaluation.simulated import SimulatedReport, evaluate_simulated
from pvchat.models.config import WORDS, NanoConfig
from pvchat.models.language import choose_placement, load_language_model
from pvchat.models.nano import NanoModel, load_nano
from pvchat.paths import home_dir
from pvchat.training.pretraining import PretrainConfig, Pretrainer

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")


def default_folder() -> Path:
    """Where a run keeps its checkpoints and its result."""
    return home_dir() / "pretrain" / "nano"


def pretrain_nano(
    folder: Path | None = None,
    *,
    config: PretrainConfig | None = None,
    evaluation_scenes: int = 120,
    report: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Pretrain nano; a run that was interrupted goes on where it stopped.

    Args:
        folder: of this run; the finished checkpoint is its subfolder `nano`.
        config: see `PretrainConfig`. evaluation_scenes: held-out scenes asked about after training.
        report: called with figures while it runs.

    Returns:
        Folder of the finished checkpoint.

    Raises:
        ModelError: the folder holds a run with another configuration.
        WeightsError: the language model is not there.
    """
    folder = folder or default_folder()
    config = config or PretrainConfig()
    placement = choose_placement()
    torch.manual_seed(config.seed)
    model_config = NanoConfig(lora_rank=16, lora_alpha=32)
    model = NanoModel(model_config).to(placement.device)
    language = load_language_model(model_config.text_model, placement)
    lora = LoraConfig(
        r=model_config.lora_rank,
        lora_alpha=model_config.lora_alpha,
        target_modules=list(TARGETS),
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(language.model, lora)
    trainer = Pretrainer(model, adapted, language.encode, language.end_id, config=config, folder=folder, report=report)
    trainer.run()
    result = save_nano(folder / "nano", model, adapted)
    figures = evaluate_simulated(load_nano(result), scenes=evaluation_scenes, seed=config.seed + 1)
    write_card(result, config, figures, trainer.spent_s, placement.reason)
    return result


def save_nano(folder: Path, model: NanoModel, adapted: torch.nn.Module) -> Path:
    """Write the checkpoint that `load_nano` reads: a transformers-style folder and peft's update beside it.

    bfloat16 halves the file; the figures in the card are measured on the file, not on the fp32 parameters.
    """
    model.to(torch.bfloat16).save_pretrained(folder)
    model.float()
    update = folder / "lora"
    update.mkdir(exist_ok=True)
    peft_model: Any = adapted
    tensors = {
        name.replace(".default.", "."): p.detach().to(torch.bfloat16).cpu().contiguous()
        for name, p in peft_model.named_parameters()
        if p.requires_grad
    }
    save_file(tensors, update / "adapter_model.safetensors")
    lora = peft_model.peft_config["default"]
    # peft notes the folder the base was loaded from; the name in `pvchat.weights` holds on every machine.
    lora.base_model_name_or_path = model.config.text_model
    lora.save_pretrained(str(update))
    return folder


def write_card(folder: Path, config: PretrainConfig, figures: SimulatedReport, seconds: float, placement: str) -> None:
    """Model card: data, command, seed, figures. Figures also as JSON."""
    data = {
        "config": asdict(config),
        "training_s": round(seconds),
        "placement": placement,
        "simulated": asdict(figures),
    }
    (folder / "figures.json").write_text(json.dumps(data, indent=1) + "\n")
    source = next(row for row in weights.list_weights() if row.name == "smollm2-135m-instruct")
    rows = "\n".join(f"| {kind} | {right} of {asked} |" for kind, (right, asked) in sorted(figures.by_kind.items()))
    (folder / "README.md").write_text(
        f"""# nano

The embedded video language model of PVChat: a Q-Former over perception tokens and a low-rank update of
SmolLM2-135M-Instruct ({source.licence}). It answers who is in a video, where and when, how they look (colours, kinds
and patterns of clothes, hair), what they do (also with head and hands, and how they sit or stand), who talks to whom
and what kind of place it is, for people enrolled from one video each. It never sees pixels, only what perception
measured.

- **Data**: simulated scenes only (`pvchat.training.simulate`); no picture, video or text of a real person.
- **Command**: `pvchat pretrain nano --seed {config.seed}`: {config.steps_a} steps of phase A, {config.steps_b} of
  phase B, {round(seconds / 60)} minutes ({placement}).
- **Seed**: {config.seed}; `figures.json` has the whole configuration.
- **Licence**: Apache-2.0.
- **Limits**: closed vocabulary ({len(WORDS)} words, in `config.json`); English; cannot tell age, feelings, brands or
  text.
  Its answer may confirm that a person was somewhere: use it only with that person's consent.

Asked about {figures.scenes} simulated scenes with names and wordings that training never used, by the files in this
folder. Right: nothing that is said contradicts the facts, and the answer is declined exactly where they tell nothing.

| questions | right |
|---|---|
{rows}
| with evidence lines | {figures.with_evidence[0]} of {figures.with_evidence[1]} |
| from soft tokens alone | {figures.without_evidence[0]} of {figures.without_evidence[1]} |
"""
    )
