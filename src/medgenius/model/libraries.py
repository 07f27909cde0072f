"""The voices of the libraries below us: what they say at import and loading is not what a person waits for."""

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Call before transformers or bitsandbytes is imported. Errors still speak."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # It would have a service convert a repository's pickles, and load what that service sends.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "true")
    # It recommends a kernel that would be fetched from a hub at run time, which is not done here.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def import_unsloth() -> None:
    """Call before transformers and peft are imported: Unsloth changes their classes, and asks to come first."""
    quiet_libraries()
    import unsloth  # noqa: F401, PLC0415
