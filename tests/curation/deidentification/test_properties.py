"""What holds for every text: a second run changes nothing, and only the spans are changed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from medgenius.curation.deidentification.engine import Caution, Deidentified, Style, deidentify_parts
from tests.curation.deidentification.labelled import read

FRAGMENTS = [sentence.text for sentence in read()] + [
    "[PERSON]", "De la", "Van", "LA", "A. I. Abu", "name: de", "mr del", "El",
     "[ADDRESS] 12", "Dr", "Dr. ", "MRN ", "name: ", ", ", " and ", "\n", " ", ".", "lives at ", "'s ",
    "born ",
    "John Smith", "MARIA", "12 Oak Street", "943 476 5919", "@", "1901-02-03", "Aldrena", "Wrenfeldt", "+44 20", "[",
    "]",
]  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=6).map("".join)
STYLES: st.SearchStrategy[Style] = st.sampled_from(("placeholder", "surrogate"))
CAUTIONS: st.SearchStrategy[Caution] = st.sampled_from(("low", "balanced", "high"))


def between(text: str, result: Deidentified) -> list[str]:
    """What stands before, between and after the spans."""
    edges = [0, *(edge for span in result.spans for edge in (span.start, span.end)), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


@settings(deadline=None, max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=3), STYLES, CAUTIONS)
def test_a_second_run_changes_nothing(parts: list[str], style: Style, caution: Caution) -> None:
    once = [result.text for result in deidentify_parts(parts, style, caution)]

    again = deidentify_parts(once, style, caution)

    assert [result.text for result in again] == once
    assert all(result.spans == () for result in again)


@settings(deadline=None, max_examples=150)
@given(TEXTS, CAUTIONS)
def test_only_the_spans_change(text: str, caution: Caution) -> None:
    result = deidentify_parts([text], "placeholder", caution)[0]

    edges = [edge for span in result.spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in result.spans)
    placeholders = [f"[{span.kind}]" for span in result.spans]
    rebuilt = "".join(a + b for a, b in zip(between(text, result), [*placeholders, ""], strict=True))
    assert result.text == rebuilt


@settings(deadline=None, max_examples=100)
@given(TEXTS, CAUTIONS)
def test_a_surrogate_is_never_the_value_and_what_stands_between_stays(text: str, caution: Caution) -> None:
    result = deidentify_parts([text], "surrogate", caution)[0]

    rest = result.text
    for piece, span in zip(between(text, result), result.spans, strict=False):
        assert rest.startswith(piece)
        rest = rest[len(piece) :]
        assert not rest.casefold().startswith(text[span.start : span.end].casefold() + " ")
        rest = rest[_next(rest, between(text, result), result.spans.index(span)) :]
    assert rest.endswith(between(text, result)[-1])


def _next(rest: str, pieces: list[str], place: int) -> int:
    """Length of the surrogate at the start of the rest: up to the piece that follows."""
    following = pieces[place + 1]
    return rest.index(following, 1) if following else 0
