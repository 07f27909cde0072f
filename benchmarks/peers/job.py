"""What each system is told to train; standard library alone."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Row:
    """A dialogue in tokens."""

    ids: list[int]
    prompt: int
    """So many of `ids` are the prompt; the others are the targets."""

    def labels(self, ignore: int = -100) -> list[int]:
        """One per token, not yet shifted, as transformers' and LitGPT's losses expect them."""
        return [ignore] * self.prompt + self.ids[self.prompt :]


@dataclass(frozen=True)
class Recipe:
    """What all systems share, taken from conf/."""

    r: int
    alpha: int
    dropout: float
    target_modules: list[str]
    double_quantization: bool
    learning_rate: float
    weight_decay: float
    betas: list[float]
    eps: float
    gradient_clip_val: float
    max_length: int
    seed: int


@dataclass(frozen=True)
class Job:
    """A few optimizer steps on given rows."""

    model: str
    """Folder in Hugging Face's format"""
    overrides: list[str]
    """The same model and recipe as a command line of MedGenius"""
    recipe: Recipe
    device: str
    """cpu or cuda"""
    threads: int
    memory_limit: int
    """Bytes of memory the process may take on a CPU"""
    batch: int
    """Dialogues in one forward pass, or tokens where a system packs them; 0: the system's own choice"""
    warmup: int
    """The first so many steps are not timed; at least one."""
    steps: list[list[Row]]
    """The dialogues of each optimizer step"""

    @property
    def passes_per_step(self) -> int:
        """Forward passes of `batch` dialogues."""
        return len(self.steps[0]) // self.batch

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def from_command_line(cls) -> Self:
        """The job whose path is the only argument."""
        fields = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        steps = [[Row(**row) for row in step] for step in fields.pop("steps")]
        return cls(recipe=Recipe(**fields.pop("recipe")), steps=steps, **fields)
