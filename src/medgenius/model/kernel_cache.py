"""Where torch.compile keeps what it has compiled: a folder that may be damaged, or that can't be written."""

import os
import shutil
import tempfile
from pathlib import Path

_HEADER = 64
"""Bytes of the header of an ELF file of 64 bits."""


def kernel_folder(wanted: Path) -> Path:
    """`wanted` without libraries that were cut off, or a folder of this process alone where that can't be written."""
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        for library in wanted.rglob("*.so"):
            if not _is_whole(library):
                print(f"{library} is damaged: compiled anew", flush=True)
                library.unlink()
        with tempfile.TemporaryFile(dir=wanted):
            return wanted
    except OSError as error:
        print(f"compiled kernels are not kept for the next run: {error}", flush=True)
        return Path(tempfile.mkdtemp(prefix="medgenius-kernels-"))


def remove_kernels(folder: Path) -> None:
    """Another process that compiles into it now may fail; one that has compiled does not need it."""
    print(f"{folder} is damaged: compiled anew", flush=True)
    shutil.rmtree(folder, ignore_errors=True)


def _is_whole(library: Path) -> bool:
    """Whether a shared library reaches to its end, where its table of sections lies.

    The dynamic loader does not look: it maps what is missing, and the process dies of SIGBUS.
    """
    with library.open("rb") as stream:
        header = stream.read(_HEADER)
        size = os.fstat(stream.fileno()).st_size
    if len(header) < _HEADER or header[:4] != b"\x7fELF":
        return False
    sections = int.from_bytes(header[40:48], "little")  # e_shoff
    length, count = (int.from_bytes(header[at : at + 2], "little") for at in (58, 60))  # e_shentsize, e_shnum
    return sections + length * count <= size
