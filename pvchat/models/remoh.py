"""ReLU-routed Mixture-of-Heads attention (ReMoH), attached to the attention blocks of any model by name.

With H heads, the first S of them shared and R = H - S routed, c the heads' outputs before the output projection:

    out = W_o [a1 c_shared ; a2 g c_routed],  g = ReLU(W_r x + b) / t,  (a1, a2) = 2 softmax(W_a x)

PVChat (arXiv 2503.17069), section 3.3; the shared heads and their mix come from MoH (arXiv 2410.11842), the ReLU router
from ReMoE (arXiv 2412.14711). At the start W_r = 0, b = t and W_a = 0, so every head counts once and the model equals
its base. The thresholds t differ from head to head, between 0.5 and 1.5: were they all the same, one push of the
sparsity term would turn every head off at once, and the next would turn them all on again. The gate stands before the
output projection, behind the attention itself, which may be of any kind.

Shape notation: B batch, L query length, E width of the block's input, D width of one head.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

Routing = Literal["dense", "moh", "remoh"]
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class RoutingConfig:
    """How heads are routed.

    Attributes:
        routing: "remoh"; "moh" for the top-k softmax router that it is compared with; "dense" for none.
        shared: share of the heads that are always on.
        active: share of the routed heads that "moh" keeps.
    """

    routing: Routing = "remoh"
    shared: float = 2 / 3
    active: float = 0.5

    def __post_init__(self) -> None:
        if self.routing not in get_args(Routing):
            raise ValueError(f"routing is {self.routing}; give one of {', '.join(get_args(Routing))}")
        if not 0 <= self.shared < 1:
            raise ValueError(f"shared is {self.shared}; give a share from 0 to below 1, one head has to be routed")
        if not 0 < self.active <= 1:
            raise ValueError(f"active is {self.active}; give a share above 0, at most 1")

    def split(self, heads: int) -> tuple[int, int]:
        """How many of the heads are shared and routed.

        Raises:
            ValueError: there are fewer than two heads.
        """
        if heads < 2:
            raise ValueError(f"an attention with {heads} head has nothing to route; it needs two at least")
        routed = min(max(1, round(heads * (1 - self.shared))), heads)
        return heads - routed, routed


@dataclass(frozen=True)
class Gates:
    """What one router said to its last input.

    Attributes:
        logits: (B, L, R) before the nonlinearity. values: (B, L, R), zero for heads that are off.
        mask: (B, L) bool, True for tokens that count, or None for all.
    """

    logits: Tensor
    values: Tensor
    mask: Tensor | None = None

    def counted(self) -> tuple[Tensor, Tensor]:
        """Logits and values of the tokens that count, each (tokens, R)."""
        if self.mask is None:
            return self.logits.flatten(0, -2), self.values.flatten(0, -2)
        return self.logits[self.mask], self.values[self.mask]


class HeadRouter(nn.Module):
    """Gates of the routed heads and the mix of shared and routed ones, from the input of an attention block.

    Its weights are float32 whatever the model's are, and it computes in their precision: a bfloat16 router would lose
    the small steps of training.

    Args:
        width: E. routed: R. routing: "moh" or "remoh". kept: heads that "moh" keeps.
        first: number of its first head among the routed heads of the model; thresholds follow from it.
    """

    threshold: Tensor

    def __init__(self, width: int, routed: int, routing: Routing, kept: int, first: int = 0) -> None:
        super().__init__()
        self.routing = routing
        self.kept = kept
        self.gate = nn.Linear(width, routed, dtype=torch.float32)
        self.mix = nn.Linear(width, 2, bias=False, dtype=torch.float32)
        nn.init.zeros_(self.gate.weight)
        with torch.no_grad():
            self.gate.bias.copy_(torch.tensor(thresholds(first, routed)) if routing == "remoh" else torch.ones(routed))
        # It follows from the head's number, so that an adapter need not bring it.
        self.register_buffer("threshold", self.gate.bias.detach().clone(), persistent=False)
        nn.init.zeros_(self.mix.weight)

    def forward(self, hidden_states: Tensor) -> tuple[Gates, Tensor]:
        """From (B, L, E): the gates, and (B, L, 2) weights of the shared and the routed heads."""
        inputs = hidden_states.to(self.gate.weight.dtype)
        logits = self.gate(inputs)
        mix = 2 * self.mix(inputs).softmax(dim=-1)
        return Gates(logits, self._values(logits)), mix

    def _values(self, logits: Tensor) -> Tensor:
        if self.routing == "remoh":
            return functional.relu(logits) / self.threshold
        # Top-k of the softmax, scaled so that equal logits give the kept heads a gate of 1 (MoH, equation 6).
        chances = logits.softmax(dim=-1) * logits.shape[-1]
        lowest = chances.topk(self.kept, dim=-1).indices
        keep = torch.zeros_like(chances).scatter(-1, lowest, 1.0)
        return chances * keep


def thresholds(first: int, count: int) -> list[float]:
    """Thresholds of routed heads from the `first` on: multiples of the golden ratio, spread evenly over 0.5 to 1.5."""
    return [0.5 + (number + 1) * _GOLDEN % 1.0 for number in range(first, first + count)]


class GatedOutput(nn.Module):
    """An attention's output projection with the gate before it. Takes the projection's place in its block.

    Args:
        linear: the projection, from H D to anything. num_heads: H. router: of this block. shared: S.
    """

    def __init__(self, linear: nn.Module, num_heads: int, router: HeadRouter, shared: int) -> None:
        super().__init__()
        self.linear = linear
        self.router = router
        self.num_heads = num_heads
        self.shared = shared
        self.on = True
        self.token_mask: Tensor | None = None
        self.last: Gates | None = None
        self._router_input: Tensor | None = None

    def forward(self, context: Tensor) -> Tensor:
        """Project (..., H D), the heads side by side, after weighing them.

        Raises:
            RuntimeError: the block around it was not called with its hidden states.
        """
        if not self.on:
            plain: Tensor = self.linear(context)
            return plain
        if self._router_input is None:
            raise RuntimeError("the attention block was called without hidden states; ReMoH routes by them")
        gates, mix = self.router(self._router_input)
        self.last = Gates(gates.logits, gates.values, self.token_mask)
        shared = mix[..., :1].expand(*mix.shape[:-1], self.shared)
        weights = torch.cat([shared, mix[..., 1:] * gates.values], dim=-1)  # (B, L, H)
        heads = context.view(*weights.shape, -1)  # (B, L, H, D)
        weighed = (heads * weights.unsqueeze(-1).to(heads.dtype)).view(context.shape)
        output: Tensor = self.linear(weighed)
        return output

    def catch(self, _block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Pre-hook of the block: keep what the router looks at, on the query side of a cross-attention."""
        self._router_input = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]


@dataclass(frozen=True)
class AttentionSite:
    """An attention block that can be gated.

    Attributes:
        name: of the block in the model. output: name of the output projection in the block.
        num_heads: H. width: E.
    """

    name: str
    output: str
    num_heads: int
    width: int


class AttachedReMoH:
    """The gates of one model. Made by `attach`.

    Args:
        model: what they are attached to. gates: by the name of the block. hooks: that feed the routers.
    """

    def __init__(self, model: nn.Module, gates: dict[str, GatedOutput], hooks: Sequence[RemovableHandle]) -> None:
        self.model = model
        self._hooks = list(hooks)
        self.gates = gates

    def parameters(self) -> Iterator[nn.Parameter]:
        """The routers' parameters, for a parameter group with a learning rate of its own (1e-3 to 1e-2)."""
        for gate in self.gates.values():
            yield from gate.router.parameters()

    def mask_tokens(self, mask: Tensor | None) -> None:
        """Say which tokens count for the losses of the next forward pass, (B, L) bool; None for all."""
        for gate in self.gates.values():
            gate.token_mask = mask

    def records(self) -> dict[str, Gates]:
        """What each router said in the last forward pass, by the name of its block."""
        return {name: gate.last for name, gate in self.gates.items() if gate.last is not None}

    def switch(self, on: bool) -> None:
        """Let the gates act, or let the model be its base."""
        for gate in self.gates.values():
            gate.on = on

    def state_dict(self) -> dict[str, Tensor]:
        """The routers' weights, named by block."""
        return {
            f"{name}.{key}": value.detach().clone()
            for name, gate in self.gates.items()
            for key, value in gate.router.state_dict().items()
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Set the routers' weights.

        Raises:
            ValueError: names or shapes are not those of these gates.
        """
        wanted = self.state_dict()
        odd = sorted(wanted.keys() ^ state.keys())
        odd += sorted(k for k in wanted.keys() & state.keys() if wanted[k].shape != state[k].shape)
        if odd:
            raise ValueError(f"{odd[0]} does not fit the gates of this model; was it trained on another base?")
        for name, gate in self.gates.items():
            gate.router.load_state_dict({key: state[f"{name}.{key}"] for key in gate.router.state_dict()})

    def detach(self) -> None:
        """Take the gates off; the model is its base again."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        for name, gate in self.gates.items():
            block, _, attribute = name.rpartition(".")
            setattr(self.model.get_submodule(block), attribute, gate.linear)
        self.gates = {}


def attach(model: nn.Module, sites: Sequence[AttentionSite], config: RoutingConfig) -> AttachedReMoH:
    """Put a gate before the output projection of each block.

    Args:
        model: changed in place, and equal to its base until the routers are trained ("moh" is not: it drops heads).
        sites: of `find_sites`. config: see `RoutingConfig`; with "dense" nothing is attached.

    Raises:
        ValueError: there is no site, a site is no block of the model, or it is gated already.
    """
    if config.routing == "dense":
        return AttachedReMoH(model, {}, [])
    if not sites:
        raise ValueError("no attention block was given to route; see `find_sites`")
    gates: dict[str, GatedOutput] = {}
    hooks: list[RemovableHandle] = []
    heads = 0
    for site in sites:
        block = model.get_submodule(site.name)
        parent, _, attribute = f"{site.name}.{site.output}".rpartition(".")
        holder = model.get_submodule(parent)
        linear = getattr(holder, attribute)
        if isinstance(linear, GatedOutput):
            raise ValueError(f"{site.name} is gated already; detach its gates first")
        shared, routed = config.split(site.num_heads)
        router = HeadRouter(site.width, routed, config.routing, max(1, round(config.active * routed)), heads)
        heads += routed
        gate = GatedOutput(linear, site.num_heads, router.to(next(linear.parameters()).device), shared)
        setattr(holder, attribute, gate)
        hooks.append(block.register_forward_pre_hook(gate.catch, with_kwargs=True))
        gates[f"{site.name}.{site.output}"] = gate
    return AttachedReMoH(model, gates, hooks)


# How the known families call an attention block and its output projection, and where the block keeps its head count.
_FAMILIES = (
    (re.compile(r"(?:^|\.)(?:self|cross)_attention$"), "output"),  # our own Q-Former
    (re.compile(r"(?:^|\.)(?:self_attn|attention)$"), "o_proj"),  # Llama, Mistral, Qwen, SmolLM, ViT
    (re.compile(r"(?:^|\.)self_attn$"), "out_proj"),  # SigLIP, CLIP, OPT
    (re.compile(r"(?:^|\.)(?:attention|crossattention)$"), "output.dense"),  # BERT, InstructBLIP's Q-Former
    (re.compile(r"(?:^|\.)self_attn$"), "projection"),  # BLIP-2's vision tower
)
_COUNTS = ("num_heads", "num_attention_heads", "n_heads")


def find_sites(model: nn.Module, *, within: str = "", every: int = 1, upper_half: bool = False) -> list[AttentionSite]:
    """Attention blocks of a model that can be gated, in the order of its modules.

    Args:
        model: of a known family. within: prefix of the blocks' names, for a part of the model.
        every: of the blocks, each n-th, counted from the last. upper_half: only the later half of them.

    Raises:
        ValueError: nothing fits, or `every` is below 1.
    """
    if every < 1:
        raise ValueError(f"every is {every}; give 1 or more")
    found = [site for name, block in model.named_modules() if name.startswith(within) for site in _site(name, block)]
    if not found:
        raise ValueError(f"no attention block of a known kind is in {type(model).__name__} under {within!r}")
    layers = list(dict.fromkeys(_layer(site.name) for site in found))
    layers = layers[len(layers) // 2 :] if upper_half else layers
    chosen = set(layers[::-1][::every])
    return [site for site in found if _layer(site.name) in chosen]


def _layer(name: str) -> str:
    """The layer a block belongs to: its name up to the last number in it."""
    match = re.match(r"(.*\.\d+)(?:\.|$)", name)
    return match.group(1) if match else name


def _site(name: str, block: nn.Module) -> Iterator[AttentionSite]:
    for pattern, output in _FAMILIES:
        if not pattern.search(name):
            continue
        try:
            linear = block.get_submodule(output)
        except AttributeError:
            continue
        if isinstance(linear, nn.Linear):
            heads = _head_count(block, linear.in_features)
            width = _input_width(block, linear)
            if heads is not None:
                yield AttentionSite(name, output, heads, width)
                return


def _head_count(block: nn.Module, inner: int) -> int | None:
    for module in block.modules():
        for name in _COUNTS:
            found = getattr(module, name, None)
            if isinstance(found, int):
                return found
        size = getattr(module, "head_dim", None)
        if isinstance(size, int) and size > 0 and inner % size == 0:
            return inner // size
    return None


def _input_width(block: nn.Module, output: nn.Linear) -> int:
    """Width of the hidden states on the query side."""
    for name, module in block.named_modules():
        if isinstance(module, nn.Linear) and re.search(r"(?:^|\.)(?:q_proj|query|qkv)$", name):
            return module.in_features
    return output.out_features
