"""The forward of a LLaMA over rows of tokens, whatever they belong to: prompts, answers, one token of many sequences.

Everything but attention treats a row by itself. What the rows attend to is the caller's, so that one forward serves
packed passes, prompts with a cache, and the next token of many sequences at once.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.nn.functional import embedding

from medgenius.inference.weights import Product, multiply, product_of, worth_packing
from medgenius.model.adapter import backbone_of
from medgenius.model.kernels import rms_norm, rotate, swiglu
from medgenius.model.norm import FrozenRmsNorm


class Attend(Protocol):
    """What the rows of a pass attend to."""

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """
        Args:
            layer: counted from 0
            query: (T, heads, d), rotated
            key: (T, kv_heads, d) of the same rows, rotated
            value: as key

        Returns:
            (T, heads * d)
        """
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What a cache must know of the model."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    dtype: torch.dtype
    device: torch.device
    positions: int
    """The model was made for so many; no sequence may be longer."""


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    eps: float

    @classmethod
    def of(cls, module: nn.Module) -> Self:
        assert isinstance(module, FrozenRmsNorm)  # so `model/layers.py` left it
        return cls(module.weight, module.eps)

    def __call__(self, x: Tensor) -> Tensor:
        return rms_norm(x, self.weight, self.eps)[0]


@dataclass(frozen=True, slots=True)
class _Layer:
    before_attention: _Norm
    qkv: Product
    out: Product
    before_mlp: _Norm
    gate_up: Product
    down: Product

    @classmethod
    def of(cls, module: nn.Module, dtype: torch.dtype, *, pack: bool) -> Self:
        def product(*names: str) -> Product:
            return product_of([module.get_submodule(name) for name in names], dtype, pack=pack)

        return cls(
            _Norm.of(module.get_submodule("input_layernorm")),
            product("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            product("self_attn.o_proj"),
            _Norm.of(module.get_submodule("post_attention_layernorm")),
            product("mlp.gate_proj", "mlp.up_proj"),
            product("mlp.down_proj"),
        )


class Forward:
    """The model as it stands when this is made: with its adapter, or inside `base()` without."""

    def __init__(self, model: PeftModel) -> None:
        llama = backbone_of(model)
        config = llama.config
        assert config.num_key_value_heads is not None  # filled in by LlamaConfig itself
        assert config.head_dim is not None
        self._embeddings = llama.model.embed_tokens.weight
        dtype, device = self._embeddings.dtype, self._embeddings.device
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            head_dim=config.head_dim,
            dtype=dtype,
            device=device,
            positions=config.max_position_embeddings,
        )
        with torch.no_grad():
            pack = worth_packing(llama)
            self._layers = [_Layer.of(layer, dtype, pack=pack) for layer in llama.model.layers]
            self._head = product_of([llama.lm_head], dtype, pack=pack)
            self._norm = _Norm.of(llama.model.norm)
            positions = torch.arange(config.max_position_embeddings, device=device)[None]
            cos, sin = llama.model.rotary_emb(self._embeddings, positions)
        self._cos, self._sin = cos[0], sin[0]  # (positions, d)

    def hidden(self, ids: Tensor, positions: Tensor, attend: Attend, needed: Tensor | None = None) -> Tensor:
        """What the head reads.

        Args:
            ids: (T,) int64
            positions: (T,) int64, of each token in its sequence
            needed: the rows that are wanted, (n,) int64; None for all

        Returns:
            (T or n, hidden)
        """
        shape = self.shape
        heads = (shape.heads, shape.kv_heads, shape.kv_heads)
        cos, sin = self._cos[positions], self._sin[positions]
        x = embedding(ids, self._embeddings)
        for number, layer in enumerate(self._layers):
            qkv = multiply(layer.qkv, layer.before_attention(x)).unflatten(1, (-1, shape.head_dim))  # (T, h + 2 kv, d)
            rotated = rotate(qkv[:, : shape.heads + shape.kv_heads], cos, sin)
            query, key = rotated.split(heads[:2], 1)
            attended = attend(number, query, key, qkv[:, -shape.kv_heads :])
            if needed is not None and number == shape.layers - 1:
                x, attended = x[needed], attended[needed]
            x = x + multiply(layer.out, attended)
            gate, up = multiply(layer.gate_up, layer.before_mlp(x)).chunk(2, 1)
            x = x + multiply(layer.down, swiglu(gate, up))
        return self._norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """(n, hidden) -> (n, vocabulary) in fp32, of a product in the model's dtype, as in transformers' generate."""
        return multiply(self._head, hidden).float()
