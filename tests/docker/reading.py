"""Reading what docker/ has, as far as the tests need it: instructions, stages, the context's filter, durations."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("cpu", "cuda")


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile: its name in capitals and the rest of its joined lines."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The exec form's words, or the line's, without flags such as `--from`."""
        start = self.rest.find("[")
        if start >= 0 and self.rest.endswith("]"):
            words: list[str] = json.loads(self.rest[start:])
            return words
        return [word for word in self.rest.split() if not word.startswith("--")]

    @property
    def flags(self) -> dict[str, str]:
        """`--name=value` before the command or the paths."""
        return dict(re.findall(r"--([a-z-]+)=(\S+)", self.rest.partition("[")[0]))


@dataclass(frozen=True)
class Stage:
    """A stage: its name, the image or stage it starts from, and its instructions."""

    name: str
    base: str
    instructions: tuple[Instruction, ...]


@cache
def stages() -> dict[str, Stage]:
    """The Dockerfile's stages by name, in their order."""
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found: list[tuple[str, str, list[Instruction]]] = []
    for line in "\n".join(lines).replace("\\\n", "").splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            base, _, alias = rest.partition(" AS ")
            found.append((alias, base, []))
        elif found:
            found[-1][2].append(Instruction(name, rest.strip()))
    return {name: Stage(name, base, tuple(instructions)) for name, base, instructions in found}


def lineage(target: str) -> list[Instruction]:
    """All instructions that make an image, from those of the base on."""
    known = stages()
    stage = known[target]
    return [*(lineage(stage.base) if stage.base in known else []), *stage.instructions]


def last(target: str, name: str) -> Instruction:
    """The instruction of this name that holds for an image."""
    return [instruction for instruction in lineage(target) if instruction.name == name][-1]


def environment(target: str) -> dict[str, str]:
    """Environment variables of an image."""
    found: dict[str, str] = {}
    for instruction in lineage(target):
        if instruction.name == "ENV":
            found |= dict(word.split("=", 1) for word in instruction.rest.split())
    return found


def copied() -> set[str]:
    """Paths of the context that are copied into any stage."""
    return {
        path.rstrip("/")
        for stage in stages().values()
        for instruction in stage.instructions
        if instruction.name in ("ADD", "COPY") and "from" not in instruction.flags
        for path in instruction.words[:-1]
    }


@cache
def compose() -> dict[str, Any]:
    """The Compose file, with its aliases resolved."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    return found


def seconds(duration: str) -> int:
    """A duration such as `1m30s` in seconds."""
    units = {"h": 3600, "m": 60, "s": 1}
    parts = re.findall(r"(\d+)([hms])", duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(duration)
    return sum(int(number) * units[unit] for number, unit in parts)


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a path of the context through: of the rules that match it or a folder above, the
    last one says."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = re.compile(_expression(rule.removeprefix("!").strip("/")))
        parts = path.split("/")
        if any(pattern.fullmatch("/".join(parts[:count])) for count in range(1, len(parts) + 1)):
            sent = rule.startswith("!")
    return sent


def _expression(rule: str) -> str:
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(signs.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*\*|\*|\?)", rule))
