"""Where torch.compile keeps what it has compiled: a folder that may be damaged, or that can't be written.

torch writes some of its files in place and trusts what it finds.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import torch
from torch._inductor.runtime.cache_dir_utils import default_cache_dir
from torch._inductor.utils import clear_caches

_HEADER = 64
"""Bytes of the header of an ELF file of 64 bits."""
_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


def keep_kernels_in(folder: Path) -> None:
    """From now on, unless somebody has chosen another folder. One that can't be written is not used."""
    if os.environ.get(_VARIABLE) in {None, default_cache_dir()}:  # torch sets its default when it is imported
        os.environ[_VARIABLE] = str(_usable(folder))


def compile_anew() -> None:
    """Forget what is compiled, in memory and in the folder. Another process that is about to read from it may fail."""
    folder = Path(os.environ[_VARIABLE])
    print(f"{folder} is damaged: kernels are compiled anew", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    clear_caches()
    torch.compiler.reset()


@cache
def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if not all(_is_whole(library) for library in folder.rglob("*.so")):
            print(f"{folder} is damaged: kernels are compiled anew", flush=True)
            shutil.rmtree(folder)
    except OSError as error:
        print(f"compiled kernels are not kept for the next run: {error}", flush=True)
        own = Path(tempfile.mkdtemp(prefix="medgenius-kernels-"))
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        return own
    return folder


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
