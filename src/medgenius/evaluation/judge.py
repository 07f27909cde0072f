"""A model that judges answers by a rubric, in HealthBench's form (OpenAI, 2025, arXiv:2505.08775).

For each criterion the judge says whether the answer meets it. Score: the points of the criteria that are met over the
sum of the positive points, so that 1 is the most and a score may be negative. A judge is a model with a taste of its
own: its scores compare answers under one judge and are no medical review.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final

from medgenius.config.evaluation import Criterion, JudgeConfig
from medgenius.errors import RunError
from medgenius.evaluation.endpoint import Endpoint
from medgenius.evaluation.items import DialogueItem, Item
from medgenius.evaluation.measures import Materials, NotMeasured, Scored, Scorer
from medgenius.evaluation.records import Answer

_OBJECT: Final = re.compile(r"\{.*\}", re.DOTALL)


def judge(materials: Materials) -> Scorer:
    """
    Raises:
        NotMeasured: no endpoint is named.
    """
    settings = materials.config.evaluation.judge
    if settings.endpoint is None:
        raise NotMeasured("evaluation.judge.endpoint names no endpoint")
    return Judge(settings, Endpoint.of(settings), Verdicts(materials.evaluation.verdicts))


class Verdicts:
    """What the judge said before, by a hash of what it was asked; a file for its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._met: dict[str, bool] = {}
        if path.is_file():
            with path.open("rb") as stream:
                for line in stream:
                    try:
                        found = json.loads(line)
                        self._met[str(found["key"])] = bool(found["criteria_met"])
                    except (ValueError, KeyError, TypeError):
                        continue  # half a line of a process that was killed: it is asked again

    def get(self, key: str) -> bool | None:
        return self._met.get(key)

    def put(self, key: str, met: bool, explanation: str) -> None:
        line = json.dumps({"key": key, "criteria_met": met, "explanation": explanation}, ensure_ascii=False)
        with self._lock:
            self._met[key] = met
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
                    # Begun on a line of its own: what was killed before may have left half of one.
                    stream.write(("\n" if stream.tell() else "") + line)
            except OSError as error:
                raise RunError(f"{self._path} cannot be written: {error.strerror}") from None


class Judge:
    """Scores the answers to dialogues."""

    def __init__(self, settings: JudgeConfig, endpoint: Endpoint, verdicts: Verdicts) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._verdicts = verdicts

    def __call__(self, asked: Sequence[tuple[Item, Answer]]) -> list[Scored]:
        """The score of each; None where a verdict could not be read.

        Raises:
            ModelError: the endpoint can't be reached, or refuses.
        """
        rubric = self._settings.rubric
        wanted = [
            (place, line) for place, (item, _) in enumerate(asked) if isinstance(item, DialogueItem) for line in rubric
        ]
        prompts = [self._prompt(*asked[place], line) for place, line in wanted]
        pool = ThreadPoolExecutor(self._settings.workers)
        try:
            met = dict(
                zip([(place, line.criterion) for place, line in wanted], pool.map(self._met, prompts), strict=True)
            )
        finally:
            pool.shutdown(cancel_futures=True)  # after a refusal the rest need not be asked
        return [
            {"judge_score": rubric_score(rubric, {line.criterion: met[place, line.criterion] for line in rubric})}
            if isinstance(item, DialogueItem)
            else {}
            for place, (item, _) in enumerate(asked)
        ]

    def _prompt(self, item: Item, answer: Answer, line: Criterion) -> str:
        assert isinstance(item, DialogueItem)
        conversation = f"user: {item.dialogue.input}\n\nassistant: {answer.text}"
        # In one go: what a patient wrote may hold a placeholder's name.
        fields = {"{conversation}": conversation, "{criterion}": f"[{line.points}] {line.criterion}"}
        return re.sub("|".join(map(re.escape, fields)), lambda found: fields[found[0]], self._settings.prompt)

    def _met(self, prompt: str) -> bool | None:
        asked = (self._settings.endpoint, self._settings.model, self._settings.max_tokens, prompt)
        key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        known = self._verdicts.get(key)
        if known is not None:
            return known
        for _ in range(1 + self._settings.retries):
            verdict = parse_verdict(self._endpoint.ask(prompt))
            if verdict is not None:
                self._verdicts.put(key, *verdict)
                return verdict[0]
        return None


def parse_verdict(text: str) -> tuple[bool, str] | None:
    """`criteria_met` and `explanation` of the JSON object in a reply; None where there is none. "Yes" is no verdict."""
    found = _OBJECT.search(text)
    try:
        value = json.loads(found[0]) if found else None
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("criteria_met"), bool):
        return None
    return value["criteria_met"], str(value.get("explanation", ""))


def rubric_score(rubric: Sequence[Criterion], met: Mapping[str, bool | None]) -> float | None:
    """Points gained over points possible; None where a verdict is missing."""
    gained = 0
    for line in rubric:
        verdict = met[line.criterion]
        if verdict is None:
            return None
        gained += line.points * verdict
    return gained / sum(line.points for line in rubric if line.points > 0)
