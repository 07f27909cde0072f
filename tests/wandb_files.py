"""W&B's offline files read back: LevelDB's log format around W&B's own protobuf records."""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wandb.proto import wandb_internal_pb2

_BLOCK = 32768
_FILE_HEADER = 7
_RECORD_HEADER = 7


@dataclass
class OfflineRun:
    """What W&B would show of a run once it is synced."""

    run_id: str = ""
    name: str = ""
    job_type: str = ""
    group: str = ""
    config: dict[str, str] = field(default_factory=dict)
    """Values as JSON."""
    history: list[dict[str, float]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    summary: dict[str, str] = field(default_factory=dict)
    """Values as JSON."""
    exit_code: int | None = None

    def points(self, metric: str) -> list[float]:
        return [point[metric] for point in self.history if metric in point]


def read_offline_run(run: Path) -> OfflineRun:
    """The one offline run inside a run directory."""
    (file,) = run.glob("wandb/offline-run-*/*.wandb")
    return read_offline_file(file)


def read_offline_file(file: Path) -> OfflineRun:
    found = OfflineRun()
    for payload in _payloads(file.read_bytes()):
        record = wandb_internal_pb2.Record()  # type: ignore[attr-defined]
        record.ParseFromString(payload)
        if record.HasField("run"):
            run_record = record.run
            found.run_id = run_record.run_id
            found.name, found.job_type, found.group = run_record.display_name, run_record.job_type, run_record.run_group
            found.tags = list(run_record.tags)
            found.config |= {_key(item): item.value_json for item in run_record.config.update}
        elif record.HasField("history"):
            found.history.append({_key(item): json.loads(item.value_json) for item in record.history.item})
        elif record.HasField("config"):
            found.config |= {_key(item): item.value_json for item in record.config.update}
        elif record.HasField("summary"):
            found.summary |= {_key(item): item.value_json for item in record.summary.update}
        elif record.HasField("exit"):
            found.exit_code = record.exit.exit_code
    return found


class _Item(Protocol):
    key: str
    nested_key: Sequence[str]


def _key(item: _Item) -> str:
    return ".".join(item.nested_key) or item.key


def _payloads(content: bytes) -> Iterator[bytes]:
    """Records may be cut into a first, middle and last piece, since none crosses a block's end."""
    assert content[:4] == b":W&B"
    at, pieces = _FILE_HEADER, b""
    while at + _RECORD_HEADER <= len(content):
        if _BLOCK - at % _BLOCK < _RECORD_HEADER:
            at += _BLOCK - at % _BLOCK
            continue
        _checksum, length, kind = struct.unpack_from("<IHB", content, at)
        if kind == 0:  # padding
            at += _BLOCK - at % _BLOCK
            continue
        at += _RECORD_HEADER
        pieces += content[at : at + length]
        at += length
        if kind in {1, 4}:  # whole, or the last piece
            yield pieces
            pieces = b""
