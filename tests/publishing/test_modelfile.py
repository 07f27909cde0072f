"""The Modelfile's template gives the text of the training."""

import re

import pytest
from jinja2 import Environment

from medgenius.data.dialogue import Message
from medgenius.data.prompt import Prompt
from medgenius.errors import ModelError
from medgenius.model.backbone import load_tokenizer
from medgenius.publishing.folders import bos_of
from medgenius.publishing.modelfile import modelfile, template
from tests.support import cache_dir, composed

CONVERSATION = [
    Message("system", "Be kind {{ .Role }}."),
    Message("user", 'It hurts; "here".'),
    Message("assistant", "Since when?"),
    Message("user", "Since\n\nMonday, {% raw %} 3 mg."),
]


def rendered(text: str, messages: list[Message]) -> str:
    """Go's template in Jinja, whose actions are near enough; a test by hand ran Go itself."""
    text = re.sub(r'\{\{- if eq \.Role "(\w+)" \}\}', r"{% if message.role == '\1' %}", text)
    text = re.sub(r'\{\{- else if eq \.Role "(\w+)" \}\}', r"{% elif message.role == '\1' %}", text)
    text = text.replace("{{- range .Messages }}", "{% for message in messages %}")
    text = text.replace("{{ .Content }}", "{{ message.content }}")
    assert text.endswith("{{- end }}{{- end }}")
    text = text.removesuffix("{{- end }}{{- end }}") + "{% endif %}{% endfor %}"
    return Environment(autoescape=False, keep_trailing_newline=True).from_string(text).render(messages=messages)


@pytest.mark.parametrize("overrides", [[], ["prompt=chatml"], ['prompt.user=\'{{q}} """ {text}\n\'']])
def test_it_is_the_text_of_the_training(overrides: list[str]) -> None:
    config = composed("model=tiny", *overrides)
    tokenizer = load_tokenizer(config.model, cache_dir())
    prompt = Prompt(config.prompt, tokenizer)
    assert bos_of(prompt) == "<s>"

    text = template(config.prompt, bos_of(prompt), str(tokenizer.eos_token))

    assert '"""' not in text
    for end in (1, 2, 4):
        if CONVERSATION[end - 1].role == "user":
            assert rendered(text, CONVERSATION[:end]) == prompt.text(CONVERSATION[:end])


def test_it_answers_as_it_was_evaluated() -> None:
    text = modelfile("m-Q8_0.gguf", composed().prompt, "Be kind.", "", "<|im_end|>", 131072)
    for line in (
        "FROM ./m-Q8_0.gguf",
        'SYSTEM """Be kind."""',
        'PARAMETER stop "<|im_end|>"',
        "PARAMETER num_ctx 8192",
        "PARAMETER temperature 0",
        "PARAMETER repeat_penalty 1",
    ):
        assert f"{line}\n" in text
    with pytest.raises(ModelError, match="default_instruction"):
        modelfile("m.gguf", composed().prompt, 'a """ b', "", "</s>", 2048)
