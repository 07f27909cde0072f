"""conf/serving/engine: what computes the answers."""

from typing import Annotated, Literal

from pydantic import Field

from medgenius.config.fields import AlsoCalled, Schema
from medgenius.config.places import PathText


class _Engine(Schema):
    streams: Annotated[int, Field(gt=0), AlsoCalled("max_num_seqs", "parallel", "n_parallel", "batch_size")]
    """Answers that are written at a time."""
    waiting: Annotated[int, Field(ge=0), AlsoCalled("queue", "max_queue", "max_queue_size")]
    """Questions that may wait for their turn; one more is answered with 503."""


class TransformersEngine(_Engine):
    """The model of the run as it was trained, quantisation and dtype included."""

    name: Literal["transformers"]


class LlamaCppEngine(_Engine):
    """llama.cpp inside this process, from the package xllamacpp; fast on CPU."""

    name: Literal["llama_cpp"]
    gguf: Annotated[PathText, AlsoCalled("model", "path", "file", "model_path")]
    """The GGUF file that `medgenius publish … publish.formats=[gguf]` made of this run."""
    threads: Annotated[int, Field(gt=0), AlsoCalled("n_threads", "num_threads")] | None
    """null for as many as there are cores."""


class VllmEngine(_Engine):
    """vLLM's own server, in a process of its own on this machine, or running elsewhere."""

    name: Literal["vllm"]
    model: Annotated[PathText, AlsoCalled("path", "merged")] | None
    """The merged model that `medgenius publish … publish.formats=[merged]` made of this run."""
    url: Annotated[str, Field(pattern=r"^https?://[^/]"), AlsoCalled("base_url", "endpoint", "api_base")] | None
    """A vLLM server that runs already and serves that model as `tuned`; then none is started."""
    arguments: Annotated[list[str], AlsoCalled("args", "extra_args")]
    """Further words for `vllm serve`, such as --tensor-parallel-size=2."""
    startup_seconds: Annotated[float, Field(gt=0), AlsoCalled("startup_timeout")]
    """How long loading may take."""


EngineConfig = Annotated[TransformersEngine | LlamaCppEngine | VllmEngine, Field(discriminator="name")]
