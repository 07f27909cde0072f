"""Repair mends what scraping did, reaches a fixed point, and leaves numbers alone."""

import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.config.curation.repair import RepairConfig
from medgenius.curation.row import Part, Row
from medgenius.curation.steps.repair import Repair

CONFIG = RepairConfig(urls="placeholder", boilerplate=True, detokenise=True)
STEP = Repair(CONFIG)


def repaired(text: str, part: Part = "output") -> str:
    return STEP.repair(text, part)[0]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>Rest.</p><p>Drink.</p>", "Rest.\n\nDrink."),
        ("Try:<ul><li>ice</li><li>rest</li></ul>Then call.", "Try:\n- ice\n- rest\n\nThen call."),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ('<span style="width: 10px">Take 5 mg</span>', "Take 5 mg"),
        ("p <0.05 and <5 mg, x > 3", "p <0.05 and <5 mg, x > 3"),
        ("salt &amp; water&nbsp;only &lt;5 g", "salt & water only <5 g"),
        ("&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;", "bold"),
        ("donâ€™t stop", "don’t stop"),
        ("cafe\u0301", "café"),
        ("no\u200bthing\x07 here", "nothing here"),
        ("10 m\u00b2 and 37\u00a0°C", "10 m² and 37 °C"),
        ("See {{#ev:youtube|abc}} the [[Heart|heart]] and '''bold'''.", "See the heart and bold."),
        ("== Causes ==\nA virus.", "Causes\nA virus."),
        ("It is up to you.If it lasts,call.", "It is up to you. If it lasts,call."),
        ("We agree!I think so.", "We agree! I think so."),
        ('He said "stop."Then he left.', 'He said "stop." Then he left.'),
        ("Plan:Rest first", "Plan: Rest first"),
        ("e.g. Node.js v3.5 or i.e.Paracetamol", "e.g. Node.js v3.5 or i.e.Paracetamol"),
        ("write to jo.Smith@example.org", "write to jo.Smith@example.org"),
        ("hi , martha . how are you ?", "hi, martha. how are you?"),
        ("i 'm gon na say you ca n't", "i'm gonna say you can't"),
        ("a dose of .5 mg , 3 .5 no", "a dose of .5 mg, 3 .5 no"),
        ("What is asthma ?", "What is asthma?"),
        ("a  b\t c\n\n\n\nd  ", "a b c\n\nd"),
        ("Signs:    - fever    - cough", "Signs:\n- fever\n- cough"),
        ("• fever\n• cough", "- fever\n- cough"),
        ("Read https://example.org/a?b=1. Then rest.", "Read [URL]. Then rest."),
        ("Look here <link> for more.", "Look here [URL] for more."),
        ("Hello, welcome to Example Clinic. You have a cold.", "You have a cold."),
        ("Hi, thanks for your query. You have a cold.", "You have a cold."),
        ("Thank you for reaching out. This is hard.", "This is hard."),
        ("Rest well. I hope this helps!", "Rest well."),
        ("Rest well. Hope this helps. Regards, Dr Jane Doe", "Rest well."),
        ("Rest well.\n\nJane Doe, LCSW", "Rest well."),
        ("Rest well.\nWarm regards,\nJane Doe, MA, LPC", "Rest well."),
        ("<I have a headache since Monday> What can I take?", "<I have a headache since Monday> What can I take?"),
        ("<A 34 year old woman> Diagnosis?", "<A 34 year old woman> Diagnosis?"),
        ('<a href="x">one</a><br clear="all" /><td nowrap>two</td >', "one\ntwo"),
        ("A disease of nerves. Multiple Sclerosis, MS.", "A disease of nerves. Multiple Sclerosis, MS."),
        ("Ask about tests. Down Syndrome MA", "Ask about tests. Down Syndrome MA"),
        ("Rest.\nBest wishes.\nTake Aspirin Daily", "Rest.\nBest wishes.\nTake Aspirin Daily"),
        ("Rest well.\nKind regards,\nDr. Jane Doe, General Physician", "Rest well."),
        ("I hope this treatment works for you.", "I hope this treatment works for you."),
        ("Dr Smith will see you.", "Dr Smith will see you."),
        ("Thank you for your question.", "Thank you for your question."),
    ],
)
def test_known_damage(raw: str, clean: str) -> None:
    assert repaired(raw) == clean


def test_greetings_of_patients_stay() -> None:
    assert repaired("Hello, thanks for your query. I cough.", "input") == "Hello, thanks for your query. I cough."


@pytest.mark.parametrize(("urls", "clean"), [("keep", "See (www.x.org) now"), ("remove", "See now")])
def test_urls_as_configured(urls: str, clean: str) -> None:
    step = Repair(RepairConfig.model_validate({"urls": urls, "boilerplate": False, "detokenise": False}))

    assert step.repair("See (www.x.org) now", "output")[0] == clean


def test_changes_are_counted_by_rule_and_part() -> None:
    row = Row("a:1", "Answer.", "what  is it ?", "<p>A cold.</p>")

    (result,) = STEP([row])

    assert isinstance(result, Row)
    assert (result.input, result.output) == ("what is it?", "A cold.")
    counts = {(change.part, change.rule): change.count for change in result.changes}
    assert counts[("output", "html")] == 2
    assert counts[("input", "tokenised")] == 1


def test_a_clean_row_is_given_back_as_it_is() -> None:
    row = Row("a:1", "Answer.", "What is it?", "A cold.")

    assert STEP([row])[0] is row


def test_the_step_travels_to_workers() -> None:
    assert pickle.loads(pickle.dumps(STEP)).repair("a  b", "output")[0] == "a b"


FRAGMENTS = """
<p> </p> <li> </li> <ul> <br> &nbsp; &amp; &lt; &gt; lt; {{ }} [[ ]] | ''' == <!-- --> <script> </script> <link>
Hello, Hi thanks_for_your_query. welcome_to_us. Regards, Dr_Jo Jane_Doe, LCSW hope_this_helps. click_here
https://a.b www.c ( ) - • * . , ? ! ; : ' " n't 's gon na you.If end. Ã© â€™ Â 500mg 3.5 1
"""
SPACES = [" ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u200b"]
fragments = st.sampled_from([*FRAGMENTS.split(), *SPACES])
noisy = st.lists(fragments.map(lambda part: part.replace("_", " ")), max_size=25).map("".join)


@settings(max_examples=600, deadline=None)
@given(noisy | st.text())
def test_repairing_twice_is_repairing_once(text: str) -> None:
    once = repaired(text)

    assert repaired(once) == once


NUMBERS = """
take 500mg 3-4 120/80 37.5 1,000 <5 > ≥ ² ½ mg B12 2015 you.If and &nbsp; <p> ' n't . , ? ; : ( ) - – • %
"""
clinical = st.lists(
    st.sampled_from([*NUMBERS.split(), " ", "  ", "\n", "\u00a0"]) | st.text(alphabet="0123456789.,- abzA", max_size=6),
    max_size=30,
).map("".join)


@settings(max_examples=600, deadline=None)
@given(clinical)
def test_numbers_stay(text: str) -> None:
    assert re.findall(r"\d+", repaired(text)) == re.findall(r"\d+", text)
