"""How a run was started."""

import re
from dataclasses import dataclass
from pathlib import Path

_LONGEST_NAME = 120


@dataclass(frozen=True)
class Launch:
    """How a run was started: what was overridden, and where its multirun lies, if it is part of one."""

    overrides: tuple[str, ...] = ()
    sweep_dir: Path | None = None
    job_number: int = 0

    @property
    def title(self) -> str:
        """The overrides as a short name, e.g. `lora.r=64,trainer.epochs=5`; `defaults` where there are none.

        Where a run is kept and how it is tracked does not tell runs apart, so those are left out.
        """
        telling = [text for text in self.overrides if not re.match(r"\+*(run|tracking)[.=]", text)]
        return re.sub(r"[^\w.=,+-]+", "-", ",".join(telling))[:_LONGEST_NAME] or "defaults"
