from hypothesis import given
from hypothesis import strategies as st

from upshot.core.nodes import Mapping, Node, Scalar, Sequence, compose, is_null, key_text


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return None if is_null(node) else node.value
        case Sequence():
            return [plain(item) for item in node.value]
        case Mapping():
            return {key_text(key): plain(value) for key, value in node.value}


def test_nodes_keep_texts_order_and_lines() -> None:
    composed = compose("b: yes\na: [1, ~, '~']\nc:\n  - x: 2026-01-01\n# end\n")
    (root,) = composed.roots
    assert plain(root) == {"b": "yes", "a": ["1", None, "~"], "c": [{"x": "2026-01-01"}]}
    assert isinstance(root, Mapping)
    assert [(key_text(key), key.line) for key, _ in root.value] == [("b", 1), ("a", 2), ("c", 3)]


def test_empty_documents_are_none() -> None:
    assert compose("").roots == compose("---\n---\n# nothing\n").roots == compose("~").roots == ()


@given(st.text(max_size=200))
def test_any_text_is_composed_or_refused_in_words(text: str) -> None:
    composed = compose(text)
    assert not (composed.roots and composed.mistakes)
    assert all(mistake.message and 0 <= mistake.line <= len(text.splitlines()) + 1 for mistake in composed.mistakes)
