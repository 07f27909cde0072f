"""A published folder on the Hugging Face hub: what would go where, and the upload."""

import logging
import os
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from rich.console import Console

from medgenius.config.publish import PublishSettings
from medgenius.errors import PublishError
from medgenius.publishing.inspection import inspect, published_files

logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every request


def to_hub(folder: Path, settings: PublishSettings, console: Console) -> None:
    """Print what goes where; upload it, in one commit, unless that is all that is wanted.

    The token is that of `hf auth login` or HF_TOKEN; the endpoint is HF_ENDPOINT.

    Raises:
        PublishError: something must not leave, or the hub refuses.
    """
    assert settings.repository is not None
    inspect(folder)
    api = HfApi()
    files = published_files(folder)
    where = f"{api.endpoint}/{settings.repository}"
    for file in files:
        console.print(f"  {size(file.stat().st_size):>9}  {file.relative_to(folder)}", highlight=False, markup=False)
    total = size(sum(file.stat().st_size for file in files))
    if settings.dry_run:
        console.print(
            f"would upload {len(files)} files, {total}, to {where}; upload them with publish.dry_run=false",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return
    try:
        api.create_repo(settings.repository, private=settings.private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=settings.repository,
            folder_path=folder,
            allow_patterns=[str(file.relative_to(folder)) for file in files],
            commit_message="Publish with MedGenius",
        )
    except (HfHubHTTPError, HFValidationError, OSError, ValueError, RuntimeError) as error:
        cause = _without_token(" ".join(str(error.__cause__ or error).split()))[:300]
        raise PublishError(f"publish.repository={settings.repository}: the hub refuses: {cause}") from None
    console.print(
        f"uploaded {len(files)} files, {total}: {commit.commit_url}", highlight=False, markup=False, soft_wrap=True
    )


def size(count: int) -> str:
    """Bytes for a person."""
    for unit, of_it in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= of_it:
            return f"{count / of_it:.1f} {unit}"
    return f"{count} B"


def _without_token(text: str) -> str:
    token = os.environ.get("HF_TOKEN")
    return text.replace(token, "…") if token else text
