"""A config or an override that names code is refused in one line, before the code is imported or called.

Each payload would leave a file behind if it ran: as a module that is imported, and as a command that is called.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig, OmegaConf

from medgenius.config import app
from medgenius.config.targets import refuse_foreign_code
from medgenius.errors import ConfigError
from tests.config.lines import VERBS, answer
from tests.support import composed


@pytest.fixture
def payload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module `payload_module` whose import leaves `ran`, and a folder for config files."""
    ran = tmp_path / "ran"
    (tmp_path / "payload_module.py").write_text(f"import pathlib\npathlib.Path({str(ran)!r}).touch()\ncall = print\n")
    (tmp_path / "conf").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(payload: Path, name: str, text: str) -> None:
    file = payload / "conf" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def refused(payload: Path, *line: str) -> str:
    status, error = answer([*line, f"run.root={payload}/runs", f"hydra.sweep.dir={payload}/sweep"], VERBS["train"])

    assert status == 2, error
    assert len(error.splitlines()) == 1
    assert error.startswith("error: ")
    assert not (payload / "ran").exists()
    assert "payload_module" not in sys.modules
    return error


CALL = "{_target_: payload_module.call, command: touch ran}"
OVERRIDES = [
    "+hydra.callbacks.x._target_=payload_module.call",
    "+hydra.callbacks.x._target_=os.system",
    f"+hydra.callbacks.x={CALL.replace(': ', ':')}",
    f"+hydra.callbacks.multirun.inner.list=[[{{a:{CALL.replace(': ', ':')}}}]]",
    "hydra.callbacks.multirun._target_=payload_module.call",
    "hydra.callbacks.multirun._target_=medgenius.sweeps.multirun.sys.exit",
    "hydra.callbacks.multirun._target_=hydra.utils.os.system",
    "+hydra.callbacks.x={_target_:hydra.utils.instantiate,config:{_target_:payload_module.call}}",
    "hydra.launcher._target_=payload_module.call",
    "hydra.launcher._target_=hydra_plugins.os.system",
    "+hydra.launcher.inner={_target_:payload_module.call}",
    "hydra.sweeper._target_=payload_module.call",
    "+hydra.sweeper.inner={_target_:payload_module.call}",
    "++hydra.sweeper.params={a:{_target_:payload_module.call}}",
    "hydra.job_logging.handlers.console.class=payload_module.call",
    "hydra.job_logging.handlers.console.class=logging.os.system",
    "+hydra.job_logging.handlers.console.factory=payload_module.call",
    "hydra.job_logging.handlers.console.stream='ext://payload_module.call'",
    "hydra.hydra_logging.handlers.console.class=payload_module.call",
    "hydra.searchpath=['pkg://payload_module']",
    "+hydra.job.env_set.LD_PRELOAD=/nope.so",
    "+hydra.job.env_set.PYTHONPATH=/nope",
    "+hydra.callbacks.x='${oc.create:\"{_target_: payload_module.call}\"}'",
    "+hydra.callbacks.x='${oc.decode:\"{_target_: payload_module.call}\"}'",
    "+hydra.callbacks.x='${hydra:job.name}'",
    "+lora._target_=payload_module.call",
    "lora={_target_:payload_module.call}",
    "+x.y._target_=payload_module.call",
    "--experimental-rerun=payload.pickle",
    "model.package=payload_module.inner",
]


@pytest.mark.parametrize("override", OVERRIDES)
def test_an_override_that_names_code_is_refused(override: str, payload: Path) -> None:
    error = refused(payload, override)

    assert override.lstrip("+-").partition("=")[0].split("={")[0].split("._target_")[0].split(".")[0] in error


@pytest.mark.parametrize("override", [line for line in OVERRIDES if not line.startswith("--")][::6])
def test_in_a_multirun_as_well(override: str, payload: Path) -> None:
    refused(payload, "-m", "lora.r=4,8", override)


FILES = {
    "experiment/evil.yaml": f"# @package _global_\nhydra: {{callbacks: {{x: {CALL}}}}}\n",
    "lora/evil.yaml": f"defaults: [default]\ninner: {CALL}\n",
    "hydra/launcher/evil.yaml": "_target_: payload_module.call\n",
    "hydra/sweeper/evil.yaml": f"defaults: [basic]\nparams: {{a: {CALL}}}\n",
    "hydra/job_logging/evil.yaml": "version: 1\nhandlers: {a: {(): payload_module.call}}\nroot: {handlers: [a]}\n",
    "hydra/hydra_logging/evil.yaml": "version: 1\nformatters: {a: {(): os.system, command: touch ran}}\n",
    "tracking/evil.yaml": "defaults: [online]\nproject: !!python/object/apply:os.system ['touch ran']\n",
    "model/evil.yaml": "defaults: [tiny]\nname: !!python/name:payload_module.call\n",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("flags", [(), ("-m", "lora.r=4,8")])
def test_a_config_file_that_names_code_is_refused(name: str, flags: tuple[str, ...], payload: Path) -> None:
    write(payload, name, FILES[name])

    refused(payload, "--config-dir", str(payload / "conf"), f"{Path(name).parent}=evil", *flags)


@pytest.mark.parametrize(
    "text", ["hydra: {searchpath: ['pkg://payload_module']}\n", f"hydra: {{callbacks: {{x: {CALL}}}}}\n"]
)
def test_a_primary_config_that_names_code_is_refused(text: str, payload: Path) -> None:
    write(payload, "evil.yaml", f"defaults: [train, _self_]\n{text}")

    refused(payload, "--config-dir", str(payload / "conf"), "--config-name", "evil")


def test_a_sweeper_that_would_add_code_to_its_jobs_is_refused(payload: Path) -> None:
    line = "++hydra.sweeper.params={'+hydra.callbacks.x._target_':payload_module.call}"

    refused(payload, "-m", line)


def test_the_payload_does_run_where_hydra_alone_reads_it(payload: Path) -> None:
    """Otherwise none of these tests could fail."""
    program = "import hydra\n@hydra.main(version_base='1.3', config_path=None)\ndef main(config): pass\nmain()\n"
    (payload / "program.py").write_text(program)
    for line in (
        "+hydra.callbacks.x._target_=payload_module.call",
        "hydra.job_logging.handlers.console.class=payload_module.call",
    ):
        (payload / "ran").unlink(missing_ok=True)
        subprocess.run(
            [sys.executable, "program.py", line],
            cwd=payload,
            env={**os.environ, "PYTHONPATH": str(payload)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert (payload / "ran").exists(), line


def test_what_hydra_and_its_plugins_bring_is_allowed() -> None:
    plugins = Plugins.instance()
    for kind in (*plugins.discover(Launcher), *plugins.discover(Sweeper)):
        target = f"{kind.__module__}.{kind.__qualname__}"
        refuse_foreign_code(OmegaConf.create({"hydra": {"launcher": {"_target_": target}}}))


@pytest.mark.parametrize(
    "override",
    [
        "hydra/job_logging=default",
        "hydra/hydra_logging=hydra_debug",
        "hydra/job_logging=disabled",
        "hydra.verbose=true",
        "+hydra.job.env_set.OMP_NUM_THREADS=2",
        "hydra.job.env_copy=[HOME]",
        "+hydra.callbacks.log._target_=hydra.experimental.callbacks.LogJobReturnCallback",
    ],
)
def test_what_people_use_of_hydra_is_allowed(override: str) -> None:
    assert composed(override).lora.r == 16


def test_every_target_that_ships_is_allowed() -> None:
    for file in app.config_dir().rglob("*.yaml"):
        config = OmegaConf.load(file)
        assert isinstance(config, DictConfig)
        refuse_foreign_code(config)


def test_a_config_that_refers_to_itself_is_one_line() -> None:
    with pytest.raises(ConfigError):
        refuse_foreign_code(OmegaConf.create({"hydra": {"callbacks": {"x": "${hydra.callbacks}"}}}))


def test_an_error_that_is_its_own_cause_is_told_once(payload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OC_CAUSE", "1")  # as under a debugger or coverage: OmegaConf then links its error to itself

    assert "lora" in refused(payload, "lora={_target_:payload_module.call}")
