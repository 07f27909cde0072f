"""What stands between the matrix products, as pure functions: each one pass over memory where it is compiled.

Run as they stand, every line is a pass of its own. `compile_kernels` has torch.compile fuse each function into one
loop, which costs seconds at the first call (half a minute without a cache) and, on CPU, a C++ compiler; the numbers
stay those of the lines below, up to rounding. Inside they compute in fp32.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch._dynamo.exc import BackendCompilerFailed
from torch.nn.functional import silu

from medgenius.model.kernel_cache import compile_anew, keep_kernels_in

P = ParamSpec("P")
R = TypeVar("R")

_compiled = False


def compile_kernels(wanted: bool, cache_dir: Path) -> None:
    """For the whole process, as torch.compile's own caches are; what is compiled is kept in `cache_dir`."""
    global _compiled  # noqa: PLW0603
    _compiled = wanted
    if wanted:
        keep_kernels_in(cache_dir)


def has_compiler(device: torch.device) -> bool:
    """Whether torch.compile can work here: on CPU it calls a C++ compiler, on CUDA Triton brings its own."""
    return device.type != "cpu" or shutil.which("g++") is not None or shutil.which("clang++") is not None


class Kernel(Generic[P, R]):
    """A function over tensors, called as it stands or in its compiled form."""

    def __init__(self, plain: Callable[P, R]) -> None:
        self.plain = plain
        self.compiled: Callable[P, R] = torch.compile(plain, dynamic=True, fullgraph=True)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if not _compiled:
            return self.plain(*args, **kwargs)
        try:
            return self.compiled(*args, **kwargs)
        except BackendCompilerFailed:  # by what it found in the folder, or it is broken: then the second time as well
            compile_anew()
            return self.compiled(*args, **kwargs)


@Kernel
def rms_norm(x: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """y = w * x / sqrt(mean(x^2) + eps) along the last dimension (RMSNorm, arXiv:1910.07467).

    Returns:
        y like x, and 1 / sqrt(...): (..., 1) fp32, for the backward.
    """
    wide = x.float()
    inverse = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square().div(x.shape[-1]).add(eps).rsqrt()
    return (wide * inverse).to(x.dtype) * weight, inverse


@Kernel
def rms_norm_backward(grad: Tensor, x: Tensor, weight: Tensor, inverse: Tensor) -> Tensor:
    """The gradient of x, the weight being frozen."""
    normed = x * inverse  # fp32
    weighted = (grad * weight).float()
    along: Tensor = torch.linalg.vecdot(weighted, normed).unsqueeze(-1) / x.shape[-1]
    return ((weighted - normed * along) * inverse).to(x.dtype)


@Kernel
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) * up (arXiv:2002.05202)."""
    return (silu(gate.float()) * up).to(gate.dtype)


@Kernel
def swiglu_backward(grad: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of gate and up, and silu(gate) * up once more."""
    wide, grad_wide = gate.float(), grad.float()
    sigmoid = torch.sigmoid(wide)
    activated = wide * sigmoid
    grad_gate = grad_wide * up * (sigmoid + activated * (1 - sigmoid))
    return grad_gate.to(gate.dtype), (grad_wide * activated).to(gate.dtype), (activated * up).to(gate.dtype)


@Kernel
def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of x: (T, heads, d) with cos and sin: (T, d) (arXiv:2104.09864, in LLaMA's halves).

    Its backward is the rotation the other way: by -sin.
    """
    first, second = x.float().chunk(2, -1)
    c, s = cos[:, None].float(), sin[:, None].float()
    half = first.shape[-1]
    rotated = (first * c[..., :half] - second * s[..., :half], second * c[..., half:] + first * s[..., half:])
    return torch.cat(rotated, -1).to(x.dtype)


@Kernel
def masked_softmax(scores: Tensor, mask: Tensor, scale: float) -> Tensor:
    """Softmax over the keys of scale * scores + mask: (n kv, g L, S), mask (n, L, S)."""
    n, length, keys = mask.shape
    masked = scores.view(n, -1, length, keys).float() * scale + mask[:, None]
    return masked.softmax(-1).to(scores.dtype).view(scores.shape)


@Kernel
def masked_softmax_backward(grad: Tensor, weights: Tensor, scale: float) -> Tensor:
    """The gradient of the scores from that of the weights, both (n kv, g L, S)."""
    product = grad.float() * weights
    return ((product - weights * product.sum(-1, keepdim=True)) * scale).to(weights.dtype)


@Kernel
def softmax_and_loss(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Of logits (n, vocabulary) with targets (n, 1): the probabilities like logits, and -log p(target): (n, 1) fp32."""
    wide = logits.float()
    wide = wide - wide.amax(1, keepdim=True)
    at_target = wide.gather(1, target)
    wide = wide.exp()
    sums = wide.sum(1, keepdim=True)
    return (wide / sums).to(logits.dtype), sums.log() - at_target
