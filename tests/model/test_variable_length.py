"""The sequences that a variable-length kernel is given, and what it makes of them, against attention over tiles."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from medgenius.data.steps import Layout, Pass
from medgenius.model import variable_length
from medgenius.model.attention import packed_attention
from medgenius.model.variable_length import Kernel, Sequences, attend, kernel_for, sequences_of
from tests.support import random_examples

_HEADS, _KV_HEADS, _HEAD = 6, 2, 16
_SCALE = 0.3

Inputs = tuple[Tensor, Tensor, Tensor]
LAYOUTS = st.builds(Layout, st.integers(0, 9), st.lists(st.integers(1, 12), min_size=1, max_size=6).map(tuple))
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is visible here")


def naive_kernel(query: Tensor, key: Tensor, value: Tensor, sequences: Sequences, scale: float) -> Tensor:
    """The contract of a kernel in a loop: sequence by sequence, the last query sees every key."""
    assert sequences.query_starts.dtype == sequences.key_starts.dtype == torch.int32
    query_starts, key_starts = sequences.query_starts.tolist(), sequences.key_starts.tolist()
    assert (query_starts[-1], key_starts[-1]) == (len(query), len(key))
    outputs, longest = [], [0, 0]
    for i in range(len(query_starts) - 1):
        q = query[query_starts[i] : query_starts[i + 1]]
        k, v = (x[key_starts[i] : key_starts[i + 1]].repeat_interleave(_HEADS // _KV_HEADS, 1) for x in (key, value))
        longest = [max(longest[0], len(q)), max(longest[1], len(k))]
        hidden = torch.ones(len(q), len(k), dtype=torch.bool).triu(len(k) - len(q) + 1)
        scores = (torch.einsum("qhd,khd->hqk", q, k) * scale).masked_fill(hidden, float("-inf"))
        outputs.append(torch.einsum("hqk,khd->qhd", scores.softmax(-1), v))
    assert longest == [sequences.longest_query, sequences.longest_key]
    return torch.cat(outputs)


def dense(query: Tensor, key: Tensor, value: Tensor, layout: Layout) -> Tensor:
    """One (T, T) mask from what the layout says in words."""
    dialogue = torch.tensor([-1] * layout.prefix + [i for i, n in enumerate(layout.lengths) for _ in range(n)])
    place = torch.arange(layout.tokens)
    seen = (dialogue[None] == -1) | (dialogue[:, None] == dialogue[None])
    seen &= place[:, None] >= place[None]
    k, v = (x.repeat_interleave(_HEADS // _KV_HEADS, 1) for x in (key, value))
    scores = (query @ k.mT * _SCALE).masked_fill(~seen, float("-inf"))
    return (scores.softmax(-1) @ v).transpose(1, 2)


def inputs(layout: Layout, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Inputs:
    """Query, key and value, with the strides that transformers gives them."""
    generator = torch.Generator().manual_seed(layout.tokens)
    shapes = [(1, layout.tokens, heads, _HEAD) for heads in (_HEADS, _KV_HEADS, _KV_HEADS)]
    drawn = [torch.randn(shape, generator=generator).to(device, dtype).transpose(1, 2) for shape in shapes]
    query, key, value = (x.requires_grad_() for x in drawn)
    return query, key, value


def with_gradients(out: Tensor, given: Inputs) -> list[Tensor]:
    weights = torch.linspace(-1, 1, out.numel()).view(out.shape).to(out)
    return [out, *torch.autograd.grad((out * weights).sum(), given)]


@settings(max_examples=60)
@given(layout=LAYOUTS)
def test_the_sequences_mean_what_the_layout_says(layout: Layout) -> None:
    given_ = inputs(layout)
    found = with_gradients(attend(*given_, layout, _SCALE, naive_kernel), given_)
    over_tiles = with_gradients(packed_attention(torch.nn.Module(), *given_, None, _SCALE, layout)[0], given_)
    wanted = with_gradients(dense(*given_, layout), given_)
    for mine, tiled, plain in zip(found, over_tiles, wanted, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(tiled, plain, rtol=1e-5, atol=1e-5)


def test_keys_of_a_pass_by_hand() -> None:
    sequences = sequences_of(Layout(2, (3, 1)), torch.device("cpu"))
    assert sequences.query_starts.tolist() == [0, 2, 5, 6]
    assert sequences.key_starts.tolist() == [0, 2, 7, 10]
    assert (sequences.longest_query, sequences.longest_key) == (3, 5)
    assert sequences.shared is not None
    assert sequences.shared.rows.tolist() == [0, 1, 0, 1, 2, 3, 4, 0, 1, 5]


def test_without_a_prefix_nothing_is_copied() -> None:
    sequences = sequences_of(Layout(0, (4, 2)), torch.device("cpu"))
    assert sequences.shared is None
    assert sequences.key_starts.tolist() == sequences.query_starts.tolist() == [0, 4, 6]


def test_the_prefix_gradient_in_bf16_is_summed_in_fp32() -> None:
    """A thousand copies of a gradient of 1: bf16 alone would stop at 256."""
    layout = Layout(1, (1,) * 999)
    shared = sequences_of(layout, torch.device("cpu")).shared
    assert shared is not None
    x = torch.zeros(layout.tokens, 1, 8, dtype=torch.bfloat16, requires_grad=True)
    variable_length._with_copies(x, shared).sum().backward()
    assert x.grad is not None
    assert x.grad[0].eq(1000).all()
    assert x.grad[1:].eq(1).all()


def test_no_kernel_on_cpu() -> None:
    assert kernel_for(torch.zeros(1, 2, 3, 16, dtype=torch.bfloat16)) is None


def test_this_torch_has_a_kernel_of_its_own() -> None:
    """A torch whose signature changed would fall back to tiles without a word."""
    assert variable_length.torch_kernel() is not None


@needs_cuda
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    "layout",
    [
        Layout(0, (5,)),
        Layout(0, (1, 700, 33, 64)),
        Layout(40, (1, 300, 129, 2)),
        Layout(130, (7,) * 60),
        Layout(3, (2048, 1)),
    ],
)
def test_the_kernel_on_cuda_equals_a_dense_mask_in_fp32(layout: Layout, dtype: torch.dtype) -> None:
    """As near to fp32 as attention over tiles in the same dtype, or twice as far at most."""
    kernel = kernel_for(torch.zeros(1, _HEADS, 1, _HEAD, dtype=dtype, device="cuda"))
    if kernel is None:
        pytest.skip("this GPU or this torch has no flash attention")
    rounded = inputs(layout, dtype, "cuda")
    query, key, value = (x.detach().cpu().float().requires_grad_() for x in rounded)
    exact = (query, key, value)
    wanted = with_gradients(dense(*exact, layout), exact)
    found = with_gradients(attend(*rounded, layout, _SCALE, kernel), rounded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variable_length, "kernel_for", lambda _: None)
        tiled = with_gradients(packed_attention(torch.nn.Module(), *rounded, None, _SCALE, layout)[0], rounded)
    for mine, twin, plain in zip(found, tiled, wanted, strict=True):
        error, allowed = ((x.detach().cpu().float() - plain).norm() for x in (mine, twin))
        assert error <= 2 * allowed + 1e-3 * plain.norm()


@needs_cuda
def test_the_kernel_is_what_packed_attention_uses_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Pass.of(random_examples((5, 5), (9, 2), prefix=4)).layout
    given_ = inputs(layout, torch.bfloat16, "cuda")
    kernel = kernel_for(given_[0])
    if kernel is None:
        pytest.skip("this GPU or this torch has no flash attention")
    called: list[int] = []

    def counting(inner: Kernel, *arguments: Tensor | Sequences | float) -> Tensor:
        called.append(1)
        return inner(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(variable_length, "kernel_for", lambda _: partial(counting, kernel))
    packed_attention(torch.nn.Module(), *given_, None, _SCALE, layout)
    assert called == [1]


@needs_cuda
def test_fp32_on_cuda_attends_tiled() -> None:
    layout = Layout(4, (9, 30))
    given_ = inputs(layout, torch.float32, "cuda")
    assert kernel_for(given_[0]) is None
    out, _ = packed_attention(torch.nn.Module(), *given_, None, _SCALE, layout)
    query, key, value = (x.cpu() for x in given_)
    torch.testing.assert_close(out.cpu(), dense(query, key, value, layout), rtol=1e-4, atol=1e-5)
