"""What must not leave: other files than ours, links, and secrets."""

from pathlib import Path

import pytest

from medgenius.errors import PublishError
from medgenius.publishing.inspection import inspect

SECRETS = [
    ("a Hugging Face token", "hf_" + "aB3" * 12),
    ("a GitHub token", "ghp_" + "a1B2" * 9),
    ("an AWS key", "AKIA" + "ABCD1234" * 2),
    ("a Google key", "AIza" + "x" * 35),
    ("an OpenAI or Anthropic key", "sk-ant-" + "a1" * 12),
    ("a Slack token", "xoxb-" + "1" * 12),
    ("a private key", "-----BEGIN RSA PRIVATE KEY-----"),
    ("a JSON web token", "eyJ" + "a" * 12 + ".eyJ" + "b" * 12 + "." + "c" * 12),
    ("a password in an address", "postgres://user:hunter22@db/x"),
    ("a key or a password", 'api_key = "0123456789abcdef0123"'),
    ("a GitLab token", "glpat-" + "a1B2-" * 5),
    ("a Stripe key", "sk_live_" + "a1B2" * 6),
    ("a W&B key", "wandb_v1_" + "a1B2" * 8),
    ("a key or a password", "WANDB_API_KEY=" + "0123456789" * 4),
    ("a key or a password", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("a key or a password", "db_password: hunter2hunter2hunter2"),
    ("a key or a password", '"clientSecret":"correct-horse-battery"'),
    ("a key or a password", "PASSWORD=Tr0ub4dor&3!x"),
    ("a path into a home directory", "at /home/alice/patients"),
    ("a path into a home directory", "file:///Users/alice"),
]


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_a_secret_is_named_by_line_and_never_quoted(kind: str, secret: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "README.md").write_text(f"a\nb {secret} c\n")
    with pytest.raises(PublishError, match=f"sub/README.md:2 looks like {kind}") as raised:
        inspect(tmp_path)
    assert secret not in str(raised.value)


def test_a_vocabulary_may_hold_any_words_but_no_key(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text('{"password": "aaaaaaaaaaaaaaaaaaaaaaaa", "/home/a": 1}')
    inspect(tmp_path)
    file.write_text(SECRETS[0][1])
    with pytest.raises(PublishError):
        inspect(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "Never ask a patient for a password: patients may not know who reads it.",
        "The secret: sleep, and `eos_token: <|im_end|>`.",
        '"use_auth_token": false, "pad_token": "<|endoftext|>"',
        "https://example.org/home/page and glucose-lowering-medicines-for-adults, data.name=owner/set-2024",
        "base_model: meta-llama/Llama-3.2-1B-Instruct",
    ],
)
def test_ordinary_text_leaves(text: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(text)
    inspect(tmp_path)


@pytest.mark.parametrize("name", ["samples.jsonl", "optimizer.pt", "pytorch_model.bin", ".env", "checkpoints/rng.bin"])
def test_only_known_files_leave(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    with pytest.raises(PublishError, match="is no file that is published"):
        inspect(tmp_path)


def test_a_link_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to("/etc/passwd")
    with pytest.raises(PublishError, match="is no file that is published"):
        inspect(tmp_path)
