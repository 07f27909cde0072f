"""safetensors files tensor by tensor, so that never more than one tensor is in memory."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from medgenius.errors import ModelError

INDEX: Final = "model.safetensors.index.json"
"""Which tensor lies in which file, where there are several."""
SINGLE: Final = "model.safetensors"
BYTES: Final = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}
"""Of one element, by safetensors' names for the dtypes of unquantised weights."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor as a file describes it."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return BYTES[self.dtype] * torch.Size(self.shape).numel()


def shard_files(folder: Path) -> list[Path]:
    """The weight files of a model in Hugging Face's format.

    Raises:
        ModelError: there are none.
    """
    index = folder / INDEX
    try:
        if index.is_file():
            names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
            return [folder / str(name) for name in names]
    except (ValueError, KeyError, AttributeError):
        raise ModelError(f"{index} can't be read") from None
    if not (folder / SINGLE).is_file():
        raise ModelError(f"{folder} has no safetensors weights")
    return [folder / SINGLE]


def contents(file: Path) -> dict[str, Stored]:
    """Every tensor of a file.

    Raises:
        ModelError: the file is damaged, or a tensor is of a quantised or unknown dtype.
    """
    found: dict[str, Stored] = {}
    try:
        with safe_open(file, framework="pt") as stream:
            for name in stream.keys():  # noqa: SIM118  no mapping
                view = stream.get_slice(name)
                found[name] = Stored(str(view.get_dtype()), tuple(view.get_shape()))
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file} can't be read: {error}") from None
    for name, stored in found.items():
        if stored.dtype not in BYTES:
            raise ModelError(
                f"{file.parent} holds quantised weights ({name} is {stored.dtype}), and an adapter is merged into full "
                "precision only: name the folder or repository that has it with publish.base=…"
            )
    return found


def read_tensor(file: Path, name: str) -> Tensor:
    """One tensor. The file is mapped anew for each, since what was read through a map stays in memory with it."""
    with safe_open(file, framework="pt") as stream:
        tensor = stream.get_tensor(name)
    assert isinstance(tensor, Tensor)
    return tensor


def write_shard(stream: BinaryIO, tensors: Mapping[str, Stored], rows: Iterator[Tensor]) -> None:
    """Write a file of these tensors, whose data come piece by piece in the same order.

    The format (https://huggingface.co/docs/safetensors): the header's length in 8 bytes, the header in JSON padded with
    spaces to a multiple of 8 bytes, then the data without a gap. The library itself writes only tensors that are all
    in memory.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, stored in tensors.items():
        begin, end = end, end + stored.bytes
        header[name] = {"dtype": stored.dtype, "shape": list(stored.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    written = 0
    for piece in rows:
        data = piece.contiguous().reshape(-1).view(torch.uint8).numpy()
        written += stream.write(data.data)
        del piece, data
    assert written == end


def by_alignment(tensors: Mapping[str, Stored]) -> dict[str, Stored]:
    """The order that safetensors writes: wide elements first, so that each tensor begins at a multiple of its own."""
    return dict(sorted(tensors.items(), key=lambda item: (-BYTES[item[1].dtype], item[0])))


def write_index(folder: Path, files: Sequence[Path], place: Mapping[str, str], size: int) -> None:
    """The list of which tensor lies where; nothing for a single file."""
    if len(files) > 1:
        text = json.dumps({"metadata": {"total_size": size}, "weight_map": dict(sorted(place.items()))}, indent=2)
        (folder / INDEX).write_text(text + "\n", encoding="utf-8")
