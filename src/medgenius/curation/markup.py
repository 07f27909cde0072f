"""Markup of web pages and wikis becomes plain text; paragraphs and lists stay."""

import html
import re

_TAGS = (
    "a abbr address article aside b big blockquote body br button center cite code col dd del div dl dt em embed "
    "figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins label li main "
    "mark meta nav noscript o:p object ol option p pre q s script section select small source span strike strong style "
    "sub sup table tbody td textarea tfoot th thead title tr tt u ul video wbr"
)
"""Only these are tags: `<5 mg` and `p < 0.05, n > 30` are text. `link` is left to the URLs: forums write `<link>`."""

_END = (
    r"(?:\s+(?:[\w:.-]+\s*=|[^<>]*=[\"']|(?:allowfullscreen|checked|compact|disabled|hidden|noshade|nowrap|readonly|required|"
    r"selected)\b)[^<>]*|\s*(?:/\s*)?)>"
)
"""The attributes of a tag and its end: `<A 34 year old woman>` and `<I have a headache>` are people's own words."""
_UNSEEN = re.compile(rf"<!--.*?-->|<(script|style){_END}.*?</\1\s*>", re.S | re.I)
_ITEM = re.compile(rf"\s*(?:<[uo]l{_END}\s*)?<li{_END}\s*(?:<p{_END}\s*)?", re.I)
_ITEM_END = re.compile(rf"(?:</p>\s*)?</li{_END}\s*", re.I)
_BREAK = re.compile(rf"<(?:br|hr|/?tr){_END}", re.I)
_BLOCK = re.compile(
    rf"\s*</?(?:p|div|h[1-6]|ul|ol|dl|dt|dd|table|blockquote|section|article|pre){_END}",
    re.I,
)
_CELL = re.compile(rf"</?t[dh]{_END}", re.I)
_ANY = re.compile(rf"</?(?:{'|'.join(_TAGS.split())}){_END}", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")
_WIKI_MARK = re.compile(r"'{2,5}(?=\S)([^'\n]+(?:'[^'\n]+)*)'{2,5}|^(={2,6})[ \t]*(\S.*?)[ \t]*\2[ \t]*$", re.M)


def strip_tags(text: str) -> tuple[str, int]:
    """Without HTML tags, comments, scripts and styles; and how many there were."""
    if "<" not in text:
        return text, 0
    count = 0
    for pattern, replacement in (
        (_UNSEEN, " "),
        (_ITEM, "\n- "),
        (_ITEM_END, "\n"),
        (_BREAK, "\n"),
        (_BLOCK, "\n\n"),
        (_CELL, " "),
        (_ANY, ""),
    ):
        text, found = pattern.subn(replacement, text)
        count += found
    return text, count


def decode_entities(text: str) -> tuple[str, int]:
    """`&nbsp;` and the like as characters; only with their semicolon, since `&copy` may be a word."""
    if "&" not in text:
        return text, 0
    decoded = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return decoded, _ENTITY.subn("", text)[1] if decoded != text else 0


def strip_wiki(text: str) -> tuple[str, int]:
    """Without templates (`{{...}}`), links (`[[target|label]]` leaves its label), bold, italics and heading marks."""
    count = 0
    if "{{" in text:
        text, count = _TEMPLATE.subn("", text)
    if "[[" in text:
        text, found = _WIKI_LINK.subn(r"\1", text)
        count += found
    if "''" in text or "==" in text:
        text, found = _WIKI_MARK.subn(lambda mark: mark[1] or mark[3], text)
        count += found
    return text, count
