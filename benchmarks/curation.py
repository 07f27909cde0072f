"""Seconds, rows per second and peak memory of each stage of a curation, as a Markdown table.

    python benchmarks/curation.py rows.jsonl.gz [overrides of medgenius curate …]

The pipeline alone: `curation.steps=[duplicates,split]`.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from hydra import compose, initialize_config_dir
from rich.console import Console

from medgenius.config.app import config_dir
from medgenius.config.curate import CurateConfig
from medgenius.config.validate import to_config
from medgenius.curation.curate import curate


def main() -> None:
    path, *overrides = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        given = [f"data.path={path}", f"output={folder}/out", *overrides]
        with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
            config = to_config(compose("curate", overrides=given), CurateConfig)
        started = time.perf_counter()
        report = json.loads((curate(config, Console(stderr=True)) / "report.json").read_text(encoding="utf-8"))
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in Path(folder, "out").iterdir())
    staged = sum(stage["seconds"] for stage in report["stages"])
    rows = [(stage["name"], stage["seconds"], stage["rows_per_second"]) for stage in report["stages"]]
    rows.append(("output and report", report["seconds"] - staged, report["rows_kept"] / (report["seconds"] - staged)))
    rows.append(("all, with start and end", seconds, report["rows_in"] / seconds))
    print("| stage | seconds | rows/s |\n|---|---|---|")
    for name, took, speed in rows:
        print(f"| {name} | {took:.1f} | {speed:,.0f} |")
    cores = config.curation.workers or len(os.sched_getaffinity(0))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    print(
        f"\n{report['rows_in']:,} rows in, {report['rows_kept']:,} kept; {cores} workers; "
        f"{processor:.0f} s of processor time; "
        f"peak memory {report['peak_memory_bytes'] / 1e9:.2f} GB over all processes; {size / 1e6:.0f} MB written"
    )


if __name__ == "__main__":
    main()
