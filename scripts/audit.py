"""Known vulnerabilities of what constraints.txt pins: `make audit`.

Exit status: 0 all were looked up and none is known; 1 some are; 3 no whole answer, since pip-audit can't be installed,
no database be reached, or packages are not known there.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
_ENVIRONMENT = ROOT / ".venv" / "audit"
"""pip-audit's own: what it needs is no business of ours."""
_NO_ANSWER = 3


def main() -> int:
    tool = _ENVIRONMENT / "bin" / "pip-audit"
    if not tool.exists() and not _install():
        print("audit: pip-audit can't be installed here (no package index?): nothing was audited", file=sys.stderr)
        return _NO_ANSWER
    constraints = str(ROOT / "constraints.txt")
    command = [str(tool), "--requirement", constraints, "--no-deps", "--disable-pip", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    status, text = told(done.stdout, done.stderr)
    print(text, file=sys.stderr if status else sys.stdout)
    return status


def told(answer: str, said: str) -> tuple[int, str]:
    """Exit status and words for pip-audit's answer: it calls it a success where it could look nothing up."""
    try:
        found = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (said.strip().splitlines() or ["no word"])[-1]
        return _NO_ANSWER, f"audit: no database of vulnerabilities can be reached ({last[:200]}): nothing was audited"
    looked_up = [one for one in found if "skip_reason" not in one]
    lines = [
        f"{one['name']} {one['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for one in looked_up
        for vulnerability in one["vulns"]
    ]
    if not looked_up:
        return _NO_ANSWER, f"audit: the database knows none of {len(found)} packages: nothing was audited"
    skipped = len(found) - len(looked_up)
    lines.append(f"audit: {len(looked_up)} of {len(found)} packages looked up, {len(lines)} vulnerabilities known")
    return 1 if len(lines) > 1 else _NO_ANSWER if skipped else 0, "\n".join(lines)


def _install() -> bool:
    venv.create(_ENVIRONMENT, with_pip=True)
    command = [str(_ENVIRONMENT / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "pip-audit"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
