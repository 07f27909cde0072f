"""The empathy classifier: trained on invented rows, stored without pickle, honest about how well it judges."""

import io
import json
import random
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from sklearn.linear_model import LogisticRegression

from medgenius.config.app import composed
from medgenius.config.empathy import EmpathyConfig
from medgenius.errors import ConfigError, DataError, ModelError
from medgenius.evaluation.empathy_training import train_and_tell, train_empathy
from medgenius.evaluation.metrics.empathy import SCALES, Empathy, EmpathyModel, vectorizer
from tests.evaluation.support import FILLER, invented_rows, written
from tests.shared import shared_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empathy")
    train_empathy(written(folder / "rows.jsonl.gz", invented_rows(300, 60)), folder / "model", seed=0)
    return folder / "model"


def test_words_that_tell_the_level_are_learnt(folder: Path) -> None:
    model = EmpathyModel.load(folder)

    found = model.scores("work again i am so sorry you hurt this much what happened ?")

    assert found == Empathy(emotional_reactions=2, interpretations=0, explorations=1)
    assert found.total == 3
    assert model.cross_validation.rows == 300
    assert model.cross_validation.posts == 60
    assert all(quality.kappa > 0.9 for quality in model.cross_validation.scales.values())


def test_the_verb_trains_and_says_how_well_each_scale_is_judged(tmp_path: Path) -> None:
    rows, said = written(tmp_path / "rows.jsonl.gz", invented_rows(300, 60)), io.StringIO()
    config = composed(EmpathyConfig, f"data.path='{rows}'", f"output='{tmp_path / 'model'}'")

    folder = train_and_tell(config, Console(file=said, width=100))

    quality = EmpathyModel.load(folder).cross_validation
    for name, one in [*quality.scales.items(), ("sum", quality.total)]:
        (line,) = [line for line in said.getvalue().splitlines() if name.replace("_", " ") in line]
        assert f"{one.macro_f1:.2f}" in line
        assert f"{one.kappa:.2f}" in line
    with pytest.raises(ConfigError, match="exists already"):
        config.check_machine()


def test_where_nothing_can_be_learnt_the_score_says_so(tmp_path: Path) -> None:
    rows = invented_rows(300, 60, told=False)

    quality = train_empathy(written(tmp_path / "rows.jsonl.gz", rows), tmp_path / "model", seed=0)

    assert all(abs(one.kappa) < 0.2 for one in quality.scales.values())
    assert EmpathyModel.load(tmp_path / "model").cross_validation == quality


def test_a_post_is_never_on_both_sides(tmp_path: Path) -> None:
    """Words that only the post tells: with replies to it on the other side they would be learnt by heart."""
    draw = random.Random(0)
    by_post = [{scale: draw.randrange(3) for scale in SCALES} for _ in range(30)]
    rows: list[dict[str, object]] = [
        {
            "seeker_post": f"p{n % 30}",
            "response_post": f"word{n % 30} {draw.choice(FILLER)}",
            "levels": by_post[n % 30],
        }
        for n in range(300)
    ]

    quality = train_empathy(written(tmp_path / "rows.jsonl.gz", rows), tmp_path / "model", seed=0)

    assert all(one.kappa < 0.4 for one in quality.scales.values())


def test_its_levels_are_those_of_scikit_learn(folder: Path) -> None:
    rows = invented_rows(300, 60)
    replies = [str(row["response_post"]) for row in rows]
    matrix = vectorizer().fit_transform(replies)
    model = EmpathyModel.load(folder)

    for scale in SCALES:
        levels = [levels[scale] for row in rows if isinstance(levels := row["levels"], dict)]
        theirs = LogisticRegression(class_weight="balanced", max_iter=500).fit(matrix, levels).predict(matrix)
        assert [getattr(model.scores(reply), scale) for reply in replies] == theirs.tolist()


def test_the_same_rows_and_seed_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    train_empathy(written(tmp_path / "rows.jsonl.gz", invented_rows(300, 60)), tmp_path / "again", seed=0)

    for name in ("empathy.safetensors", "empathy.json"):
        ours, theirs = (folder / name).read_bytes(), (tmp_path / "again" / name).read_bytes()
        assert ours == theirs or name == "empathy.json"  # gzip writes the time into the file whose hash is there
    assert sorted(path.name for path in folder.iterdir()) == ["empathy.json", "empathy.safetensors"]


def test_another_classifier_in_the_same_place_has_another_digest(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert EmpathyModel.digest(copy) == EmpathyModel.digest(folder)
    weights = copy / "empathy.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert EmpathyModel.digest(copy) != EmpathyModel.digest(folder)
    weights.unlink()
    with pytest.raises(ModelError, match="is no empathy model: No such file"):
        EmpathyModel.digest(copy)


def test_an_answer_without_a_known_word_gets_what_the_bias_says(folder: Path) -> None:
    assert 0 <= EmpathyModel.load(folder).scores("").total <= 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"response_post": " "}, "rows.jsonl.gz:2: response_post must be text that is not empty"),
        ({"seeker_post": None}, "rows.jsonl.gz:2: seeker_post must be text that is not empty"),
        ({"levels": {"emotional_reactions": 3, "interpretations": 0, "explorations": 0}}, "must hold 0, 1 or 2"),
        ({"levels": {"emotional_reactions": True, "interpretations": 0, "explorations": 0}}, "must hold 0, 1 or 2"),
        ({"levels": [1, 2, 0]}, "must hold 0, 1 or 2"),
    ],
)
def test_a_row_of_another_form_is_named_by_line(tmp_path: Path, change: dict[str, object], message: str) -> None:
    rows = invented_rows(20, 10)
    rows[1] = {**rows[1], **change}

    with pytest.raises(DataError, match=message):
        train_empathy(written(tmp_path / "rows.jsonl.gz", rows), tmp_path / "model", seed=0)
    assert not (tmp_path / "model").exists()


def test_too_few_posts_or_levels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="4 different posts; cross-validation needs 5"):
        train_empathy(written(tmp_path / "a.jsonl.gz", invented_rows(40, 4)), tmp_path / "model", seed=0)
    flat: list[dict[str, object]] = [{**row, "levels": dict.fromkeys(SCALES, 1)} for row in invented_rows(40, 10)]
    with pytest.raises(DataError, match="posts with level 0 of emotional_reactions: 0, too few for 5 folds"):
        train_empathy(written(tmp_path / "b.jsonl.gz", flat), tmp_path / "model", seed=0)
    rows = invented_rows(30, 6)
    for number, row in enumerate(rows):  # of six posts two are held out together
        post, reply = number % 6, number // 6
        row["levels"] = dict.fromkeys(SCALES, reply % 3) | {"explorations": reply % 2 if post else 2}
    with pytest.raises(DataError, match="posts with level 2 of explorations: 1, too few for 5 folds by post"):
        train_empathy(written(tmp_path / "c.jsonl.gz", rows), tmp_path / "model", seed=0)


@pytest.mark.parametrize("damage", ["no card", "no weights", "cut", "version", "other weights"])
def test_a_damaged_model_is_one_clear_line(folder: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    card, weights = copy / "empathy.json", copy / "empathy.safetensors"
    match damage:
        case "no card":
            card.unlink()
        case "no weights":
            weights.unlink()
        case "cut":
            weights.write_bytes(weights.read_bytes()[:50])
        case "version":
            card.write_text(card.read_text(encoding="utf-8").replace('"version": 1', '"version": 2'), encoding="utf-8")
        case _:
            value = json.loads(card.read_text(encoding="utf-8"))
            value["vocabulary"].pop()
            card.write_text(json.dumps(value), encoding="utf-8")

    with pytest.raises(ModelError, match="empathy model") as refusal:
        EmpathyModel.load(copy)
    assert "\n" not in str(refusal.value)


@pytest.mark.slow
def test_on_epitome_it_agrees_beyond_chance(tmp_path: Path) -> None:
    quality = train_empathy(shared_data("empathy/epitome.jsonl.gz"), tmp_path / "model", seed=0)

    assert quality.total.kappa > 0.4
