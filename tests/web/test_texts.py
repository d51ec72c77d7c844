"""Every text of a page is a message: found without touching the templates, and the page in English stays as it is."""

import re
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from scripts.texts import WEB, catalogue

from tests.web.conftest import Served
from tests.web.pages import PAGES
from upshot.web import page as pages
from upshot.web.texts import LANGUAGES, PSEUDO, Texts, language, messages_in, speak, translate

DONE = ("explore", "segments", "design", "data", "events", "retention", "sign_in", "error")
"""Areas of which nothing but data and what operations say stands outside of messages."""
_MOVING = re.compile(r"\d+ ms|since=\d+")


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ("<p>Plain words</p>", ("Plain words",)),
        ("<p>Of {{ total | count }} rows, {{ name }}.</p>", ("Of %(a)s rows, %(b)s.",)),
        ('<button>{{ icon("x") }} Add filter</button>', ("Add filter",)),
        ("<p>{% if a %}Yes indeed{% else %}Not at all{% endif %}</p>", ("Yes indeed", "Not at all")),
        ('<a href="/metrics" aria-label="Remove the filter {{ text }}">×</a>', ("Remove the filter %(a)s",)),
        ('<input value="as it is" placeholder="any {{ "x" }}">', ("any %(a)s",)),
        ("<pre>not these words</pre><code>nor these</code><p>these</p>", ("these",)),
        ('<p>100 % of "them"</p>', ('100 %% of "them"',)),
        ("<p>{{ value }} · {{ other }}</p>", ()),
        ("{# a remark in words #}<p>\n  Over\n  two lines</p>", ("Over two lines",)),
        ('{{ _("By hand") if done }}', ("By hand",)),
    ],
)
def test_messages_are_found_in_a_template(source: str, messages: tuple[str, ...]) -> None:
    assert messages_in(source) == messages


def rendered(source: str, **values: object) -> str:
    made = jinja2.Environment(autoescape=True, extensions=[Texts])
    made.globals["_"] = translate
    return made.from_string(source).render(**values)


def test_message_is_translated_and_what_is_put_in_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LANGUAGES, "de", {"Of %(a)s rows, %(b)s %%": "%(b)s %% von %(a)s Zeilen"})
    source = "<p>Of {{ total }} rows, {{ share }} %</p>"
    try:
        assert speak("de") == "de"
        assert rendered(source, total="<3>", share=5) == "<p>5 % von &lt;3&gt; Zeilen</p>"
        assert speak(PSEUDO) == PSEUDO
        assert rendered(source, total=3, share=5) == "<p>⟦Of 3 rows, 5 %⟧</p>"
        assert speak("tlh") == "en"
        assert rendered(source, total=3, share=5) == "<p>Of 3 rows, 5 %</p>"
    finally:
        language.set("en")


@pytest.mark.parametrize("template", sorted(WEB.rglob("*.html")), ids=lambda path: path.relative_to(WEB).as_posix())
def test_every_template_can_be_written_in_messages(template: Path) -> None:
    pages.environment(Texts).get_template(template.relative_to(WEB).as_posix())


def test_page_in_english_is_as_its_template_says(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_pages() -> dict[str, str]:
        paths = [path for found in PAGES.values() for path in found]
        return {path: " ".join(_MOVING.sub("", served.get(path).text).split()) for path in paths}

    with_messages = all_pages()
    monkeypatch.setattr(pages, "_TEMPLATES", pages.environment())
    for path, text in all_pages().items():
        assert with_messages[path] == text, path


_SAID = {"filters/filters.html": {'"country in (France, Spain)"'}}
"""By template, texts in expressions that are no words of a language: what filters are written in."""


@pytest.mark.parametrize("template", sorted(WEB.rglob("*.html")), ids=lambda path: path.relative_to(WEB).as_posix())
def test_texts_inside_expressions_are_messages(template: Path) -> None:
    lexed = jinja2.Environment(extensions=[Texts]).lex(pages.environment(Texts).preprocess(template.read_text("utf-8")))
    tokens = [(kind, text) for _, kind, text in lexed if kind != "whitespace"]
    bare = {
        text
        for place, (kind, text) in enumerate(tokens)
        if kind == "string" and re.search(r"[a-zA-Z]{2,} [a-z]{2,}", text)
        if [before for _, before in tokens[max(0, place - 2) : place]] != ["_", "("]
    }
    assert bare == _SAID.get(template.relative_to(WEB).as_posix(), set())


def test_message_in_an_expression_is_in_the_catalogue(served: Served) -> None:
    assert 'msgid "all %(a)s metrics"' in catalogue()
    text = served.get("/").text
    assert "Nothing unusual: all" in text or "Nothing unusual: the one metric" in text


class Bare(HTMLParser):
    """Texts of a page that stand outside of messages and hold words of the program's own."""

    SILENT = ("script", "style", "code", "pre", "svg", "kbd", "td", "option", "dd", "datalist")

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.silent += tag in self.SILENT

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        outside = re.sub(r"⟦[^⟦⟧]*⟧", "", data)
        if not self.silent and re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", outside):
            self.found.append(outside.strip())


@pytest.mark.parametrize("area", DONE)
def test_page_in_a_made_up_language_has_no_bare_words(served: Served, guarded: Served, area: str) -> None:
    paths = PAGES.get(area, ("/sign-in",))
    for path in paths:
        with (guarded if area == "sign_in" else served).client(Cookie=f"upshot_language={PSEUDO}") as client:
            answer = client.get(path, follow_redirects=True)
        assert f'lang="{PSEUDO}"' in answer.text
        assert "⟦" in answer.text
        bare = Bare()
        bare.feed(answer.text)
        ours = [text for text in bare.found if text in " ".join(catalogue().split())]
        assert ours == [], path


def test_catalogue_has_each_message_once_and_says_where() -> None:
    found = catalogue()
    entries = re.findall(r'^msgid "(.+)"$', found, re.MULTILINE)
    assert len(entries) == len(set(entries)) > 300
    assert "#: layout/base.html\n" in found
    assert '#, python-format\nmsgid "Times are in %(a)s."' in found or "%(a)s" in found
