"""Print the catalogue of every template's messages, as a translator's tools read it: ``python scripts/texts.py``."""

import sys
from pathlib import Path

from upshot.web.texts import messages_in

WEB = Path(__file__).resolve().parents[1] / "src" / "upshot" / "web"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


def catalogue() -> str:
    """All messages in the order of their templates, each once, with where it is said."""
    places: dict[str, list[str]] = {}
    for template in sorted(WEB.rglob("*.html")):
        for message in messages_in(template.read_text(encoding="utf-8")):
            places.setdefault(message, []).append(template.relative_to(WEB).as_posix())
    entries = []
    for message, found in places.items():
        said = message.replace("\\", "\\\\").replace('"', '\\"')
        kind = "#, python-format\n" if "%(" in message else ""
        entries.append(f'#: {" ".join(dict.fromkeys(found))}\n{kind}msgid "{said}"\nmsgstr ""\n')
    return "\n".join((HEAD, *entries))


if __name__ == "__main__":
    sys.stdout.write(catalogue())
