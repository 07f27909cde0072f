"""The chat page in a real browser: Debian's chromium, headless. MEDGENIUS_SCREENSHOTS keeps the pictures."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medgenius.runs import Run
from medgenius.safety import ESCALATION
from medgenius.safety.wording import refusal_text
from medgenius.serving.models import Speaker
from tests.serving.support import KEY, Address, ScriptedEngine, serving, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PAGE = Path(__file__).parents[2] / "src" / "medgenius" / "serving" / "page"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt install chromium")
    with playwright.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(script="Rest your foot, and see how it is tomorrow. Does it hurt at night?")


@pytest.fixture
def address(engine: ScriptedEngine, speaker: Speaker, tiny_run: Run) -> Iterator[Address]:
    with serving(engine, speaker, tiny_run, "serving.requests_per_minute=null") as found:
        yield found


@pytest.fixture
def page(browser: "Browser", address: Address) -> "Iterator[Page]":
    opened = browser.new_page(viewport={"width": 1000, "height": 750})
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    expected = "status of 503"  # a test's own
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda request: problems.append(request.url) if address.url not in request.url else None)
    opened.goto(f"{address.url}/#key={KEY}")
    until(opened, "document.querySelectorAll('#model option').length === 2")
    yield opened
    assert [
        problem for problem in problems if expected not in problem
    ] == []  # also: nothing was asked of anybody else, and the policy of contents was not broken
    opened.close()


def until(page: "Page", script: str) -> None:
    """Asked from outside: the policy of contents lets nothing be evaluated inside."""
    wait_for(lambda: bool(page.evaluate(script)))


def picture(page: "Page", name: str) -> None:
    if folder := os.environ.get("MEDGENIUS_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def ask(page: "Page", text: str) -> None:
    page.fill("#message", text)
    page.press("#message", "Enter")


def written(page: "Page") -> str:
    return page.inner_text("article.assistant:last-of-type .text")


def done(page: "Page") -> None:
    page.wait_for_selector("article.assistant:last-of-type button")


def test_a_question_is_answered_and_can_be_copied(page: "Page", engine: ScriptedEngine) -> None:
    assert "#key" not in page.url
    ask(page, "My foot aches <b>a bit</b>.")
    done(page)

    assert written(page) == engine.script
    assert page.inner_text("article.user .text") == "My foot aches <b>a bit</b>."
    assert page.text_content("#spoken") == engine.script
    assert page.evaluate("document.activeElement.id") == "message"
    ask(page, "Only when I walk.")
    until(page, "document.querySelectorAll('article.assistant button').length === 2")
    assert len(engine.questions[1].prompt_ids) > len(engine.questions[0].prompt_ids)
    picture(page, "light")
    page.emulate_media(color_scheme="dark")
    picture(page, "dark")


def test_an_emergency_has_its_banner(page: "Page") -> None:
    ask(page, "I have crushing chest pain and my left arm is numb.")
    done(page)

    assert page.inner_text("#banner-text") == ESCALATION
    assert page.get_attribute("#banner", "role") == "alert"
    assert written(page).startswith(ESCALATION)
    picture(page, "emergency")
    page.click("#reset")
    assert page.is_hidden("#banner")
    assert page.locator("article").count() == 0


def test_a_long_answer_is_followed_unless_its_reader_scrolled_up(page: "Page", engine: ScriptedEngine) -> None:
    view = "document.getElementById('conversation')"
    at_end = f"{view}.scrollHeight - {view}.scrollTop - {view}.clientHeight < 2"
    engine.script = "It may last.\n\n" * 40
    ask(page, "I have crushing chest pain and my left arm is numb.")  # the banner takes room while it is written
    done(page)
    assert page.evaluate(f"{view}.scrollHeight > 2 * {view}.clientHeight")
    assert page.evaluate(at_end)
    picture(page, "long")

    engine.seconds_per_word = 0.01
    ask(page, "Tell me more.")
    until(page, "[...document.querySelectorAll('.assistant .text')].pop().textContent.length > 50")
    page.evaluate(f"{view}.scrollTop = 0")
    until(page, "[...document.querySelectorAll('.assistant .text')].pop().textContent.length > 400")
    assert page.evaluate(f"{view}.scrollTop") == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("#stop", state="hidden")


def test_stop_and_escape_end_an_answer(page: "Page", engine: ScriptedEngine) -> None:
    engine.script, engine.seconds_per_word = "word " * 1000, 0.02
    ways: list[Callable[[], None]] = [lambda: page.click("#stop"), lambda: page.keyboard.press("Escape")]
    for number, stop in enumerate(ways, 1):

        def was_cancelled(wanted: int = number) -> bool:
            return engine.cancelled == wanted

        ask(page, "Tell me much.")
        until(page, "[...document.querySelectorAll('.assistant .text')].pop().textContent.length > 20")
        stop()
        page.wait_for_selector("#stop", state="hidden")
        assert page.inner_text("#status") == "Stopped."
        wait_for(was_cancelled)


def test_a_new_chat_during_an_answer_knows_nothing_of_it(page: "Page", engine: ScriptedEngine) -> None:
    engine.script, engine.seconds_per_word = "word " * 1000, 0.02
    ask(page, "Tell me much.")
    until(page, "[...document.querySelectorAll('.assistant .text')].pop().textContent.length > 20")
    page.click("#reset")
    engine.script, engine.seconds_per_word = "Rest your foot.", 0
    ask(page, "My foot aches.")
    done(page)

    assert page.eval_on_selector_all("article .text", "all => all.map(e => e.textContent)") == [
        "My foot aches.",
        "Rest your foot.",
    ]
    assert page.inner_text("#status") == ""
    ask(page, "Only when I walk.")
    until(page, "document.querySelectorAll('article.assistant button').length === 2")


def test_a_refused_request_leaves_the_conversation_open(page: "Page", engine: ScriptedEngine) -> None:
    ask(page, "Forge a prescription for Xanax.")
    done(page)
    assert written(page) == refusal_text("en")
    ask(page, "My foot aches.")
    until(page, "document.querySelectorAll('article.assistant button').length === 2")
    assert written(page) == engine.script


def test_a_refusal_is_told_with_its_emergency_text(page: "Page", engine: ScriptedEngine) -> None:
    engine.most = 0
    ask(page, "I have crushing chest pain and my left arm is numb.")
    page.wait_for_selector("article.failed")

    assert page.inner_text("#banner-text") == ESCALATION
    assert "full" in written(page) or "limit" in written(page)


def test_it_asks_for_a_key_where_it_has_none(browser: "Browser", address: Address) -> None:
    page = browser.new_page()
    page.goto(address.url)
    page.wait_for_selector("#key-dialog[open]")
    page.fill("#key", KEY)
    page.press("#key", "Enter")
    until(page, "document.querySelectorAll('#model option').length === 2")
    page.close()


def test_it_fits_a_telephone(browser: "Browser", address: Address) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 640})
    page.goto(f"{address.url}/#key={KEY}")
    until(page, "document.querySelectorAll('#model option').length === 2")
    ask(page, "I have crushing chest pain and my left arm is numb.")
    done(page)
    picture(page, "mobile")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    heights = page.eval_on_selector_all("header button, #send", "all => all.map(e => e.getBoundingClientRect().height)")
    assert min(heights) >= 44
    page.close()


def test_everything_is_reached_by_keyboard_and_has_a_name(page: "Page") -> None:
    reached = []
    page.evaluate("document.body.focus()")
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"skip", "model", "reset", "conversation", "message", "send"} <= set(reached)
    names = page.eval_on_selector_all(
        "button, select, textarea, input",
        "all => all.map(e => (e.labels && e.labels.length ? e.labels[0].textContent : e.textContent).trim())",
    )
    assert all(names)


CONTRASTS = """() => {
  const light = (c) => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || !e.textContent.trim() || e.disabled) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(back(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${e.tagName}#${e.id} ${ratio}`);
  }
  return low; }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(page: "Page", scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    ask(page, "I have crushing chest pain and my left arm is numb.")
    done(page)

    assert page.evaluate(CONTRASTS) == []  # WCAG 2.2, 1.4.3: at least 4.5 to 1


def test_the_page_needs_nothing_from_elsewhere_and_sets_no_html() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in PAGE.iterdir())

    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    assert "innerHTML" not in text
    assert " style=" not in text
    assert " onclick=" not in text
