"""Merging: the numbers of PEFT's own merge, in little memory, and one line for each misfit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from medgenius.errors import ModelError, RunError
from medgenius.model.backbone import weights_of
from medgenius.publishing.merge import Update, merge, read_updates
from medgenius.runs import Run
from tests.support import cache_dir, composed


def base_folder() -> Path:
    return Path(weights_of(composed("model=tiny").model, cache_dir())[0])


def test_it_is_pefts_own_merge(tiny_run: Run, tmp_path: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(base_folder(), dtype=torch.float32)
    twin = PeftModel.from_pretrained(base, tiny_run.adapter).merge_and_unload().state_dict()

    merge(base_folder(), read_updates(tiny_run), tmp_path)

    merged, before = load_file(tmp_path / "model.safetensors"), load_file(base_folder() / "model.safetensors")
    assert merged.keys() == before.keys()
    for name, weight in merged.items():
        torch.testing.assert_close(weight, twin[name], rtol=1e-6, atol=1e-6)
        assert torch.equal(weight, before[name]) == (not any(part in name for part in ("_proj",))), name


def shards(folder: Path, dtype: torch.dtype, size: int) -> dict[str, Update]:
    """Three files of a made-up base, and an adapter for the middle one."""
    generator = torch.Generator().manual_seed(0)
    folder.mkdir()
    place: dict[str, str] = {}
    for number in range(3):
        names = [f"layer.{number}.{part}.weight" for part in ("a", "b")]
        tensors = {name: torch.randn(size, 512, generator=generator).to(dtype) for name in names}
        tensors[f"layer.{number}.norm"] = torch.ones(512, dtype=torch.float32)
        save_file(tensors, folder / f"model-{number}.safetensors", {"format": "pt"})
        place |= dict.fromkeys(tensors, f"model-{number}.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": place}))
    a, b = torch.randn(8, 512, generator=generator), torch.randn(size, 8, generator=generator)
    return {"layer.1.a.weight": Update(a, b, 2.0)}


def test_shards_and_dtypes_stay_and_the_sum_is_rounded_once(tmp_path: Path) -> None:
    updates = shards(tmp_path / "base", torch.bfloat16, size=9000)  # more than one block of rows
    (tmp_path / "out").mkdir()

    merge(tmp_path / "base", updates, tmp_path / "out")

    index = json.loads((tmp_path / "out" / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) == 3
    for file in (tmp_path / "base").glob("*.safetensors"):
        before, after = load_file(file), load_file(tmp_path / "out" / file.name)
        for name, weight in before.items():
            update = updates.get(name)
            exact = weight if update is None else (weight.float() + 2.0 * update.b @ update.a).to(weight.dtype)
            assert after[name].dtype == weight.dtype
            torch.testing.assert_close(after[name], exact, rtol=0.01, atol=1e-6)
            assert (after[name] != exact).float().mean() < 1e-3  # the order of a sum in a matrix product


_PEAK = """
import sys
from pathlib import Path
import torch
from medgenius.publishing.merge import Update, merge
torch.set_num_threads(1)
base, out = Path(sys.argv[1]), Path(sys.argv[2])
updates = {f"layer.{n}.{p}.weight": Update(torch.ones(8, 512), torch.ones(int(sys.argv[3]), 8), 2.0)
           for n in range(3) for p in "ab"}
torch.ones(64, 64) @ torch.ones(64, 64)
def peak():
    # ru_maxrss would be that of the parent where this process was forked from a larger one.
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) * 1024
before = peak()
merge(base, updates, out)
print(peak() - before)
"""


def test_memory_stays_below_1_3_of_the_largest_shard(tmp_path: Path) -> None:
    size = 24_000
    shards(tmp_path / "base", torch.bfloat16, size)
    (tmp_path / "out").mkdir()
    largest = max(file.stat().st_size for file in (tmp_path / "base").glob("*.safetensors"))
    line = [sys.executable, "-c", _PEAK, str(tmp_path / "base"), str(tmp_path / "out"), str(size)]

    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120)

    assert 0 < int(done.stdout) < 1.3 * largest


def test_a_misfit_names_the_weight(tmp_path: Path) -> None:
    updates = shards(tmp_path / "base", torch.float32, size=64)
    for update, says in (
        ({"layer.7.a.weight": updates["layer.1.a.weight"]}, r"has no layer\.7\.a\.weight, which the adapter changes"),
        (
            {"layer.1.a.weight": Update(torch.ones(8, 9), torch.ones(64, 8), 1.0)},
            r"the adapter was trained on \(64, 9\)",
        ),
    ):
        with pytest.raises(ModelError, match=says):
            merge(tmp_path / "base", update, tmp_path)


def test_four_bit_weights_are_never_merged_into(tmp_path: Path) -> None:
    save_file({"model.a.weight": torch.zeros(8, 1, dtype=torch.uint8)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"holds quantised weights .*full precision only.*publish\.base="):
        merge(tmp_path, {}, tmp_path)


def test_a_folder_without_weights_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no safetensors weights"):
        merge(tmp_path, {}, tmp_path)


def test_an_adapter_that_is_more_than_lora_is_refused(tiny_run: Run, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"r": 4, "lora_alpha": 8}')
    save_file({"base_model.model.lm_head.bias": torch.ones(2)}, tmp_path / "adapter" / "adapter_model.safetensors")
    with pytest.raises(RunError, match="no part of a LoRA update"):
        read_updates(Run(tmp_path, "run"))
