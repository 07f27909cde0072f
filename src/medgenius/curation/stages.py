"""The work folder: which stages are done, and what of them can be used again after a stop."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from medgenius.curation.parts import part_file, write_bytes

_MANIFEST: Final = "stage.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a stage; written when it begins and again when it is done."""

    fingerprint: str
    """Of all that its result follows from: inputs, config and code, its own and that of the stages before it."""
    parts: int = 0
    rows: int = 0
    """Kept in all its parts."""
    done: bool = False
    seconds: float = 0.0
    """Wall-clock time of the start that ended it."""
    peak_memory_bytes: int = 0


_DECODE: Final = msgspec.json.Decoder(Manifest)


class StageFolder:
    """Where one stage keeps its parts."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.manifest = self._begin()

    def _begin(self) -> Manifest:
        """What an earlier start left; what it left for other inputs, another config or other code is removed."""
        try:
            manifest = _DECODE.decode((self.path / _MANIFEST).read_bytes())
        except (OSError, msgspec.MsgspecError):
            manifest = None
        if manifest is None or manifest.fingerprint != self.fingerprint:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(parents=True)
            manifest = Manifest(self.fingerprint)
            self._write(manifest)
        return manifest

    def missing(self, parts: int) -> Sequence[int]:
        """Numbers of the parts that are still to be made."""
        return [number for number in range(parts) if not part_file(self.path, number).is_file()]

    def finish(self, parts: int, rows: int, seconds: float, peak_memory_bytes: int) -> None:
        self._write(Manifest(self.fingerprint, parts, rows, True, seconds, peak_memory_bytes))

    def _write(self, manifest: Manifest) -> None:
        write_bytes(self.path / _MANIFEST, msgspec.json.encode(manifest))
        self.manifest = manifest
