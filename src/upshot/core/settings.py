"""Settings: from defaults, ``upshot.toml``, the environment and flags, in this order; the later wins.

The structs below are the one table: names, types, ranges, defaults, words. The reference
(``docs/reference/settings.md``) is generated from them. The key ``server.port`` is ``port`` in the section
``[server]`` of ``upshot.toml``, ``UPSHOT_SERVER_PORT`` in the environment, or the content of the file that
``UPSHOT_SERVER_PORT_FILE`` names.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from upshot.core.errors import InvalidInput, NotFound
from upshot.core.money import currency
from upshot.core.time import zone

__all__ = [
    "SETTINGS_FILE",
    "CatalogSettings",
    "CollectSettings",
    "FactsSettings",
    "LoadedSettings",
    "ServerSettings",
    "Setting",
    "Settings",
    "StoreSettings",
    "WorkspaceSettings",
    "load_settings",
    "setting_table",
]

SETTINGS_FILE = "upshot.toml"
_SECRET = {"secret": True}


class WorkspaceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the workspace counts in."""

    name: Annotated[str, Meta(description="What pages call the workspace; the folder's name when empty.")] = ""
    time_zone: Annotated[
        str, Meta(description="IANA zone whose local days are counted. Fixed when the workspace is made.")
    ] = "UTC"
    currency: Annotated[str, Meta(description="ISO 4217 code of the money that metrics are in.")] = "USD"


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and for whom ``upshot serve`` listens."""

    host: Annotated[
        str, Meta(min_length=1, description="Address to listen on. Beyond loopback it takes an access entry.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8765
    allowed_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Further host names under which browsers may reach the server; * allows any."),
    ] = ()
    max_body_mb: Annotated[int, Meta(ge=1, le=1024, description="Largest request body that is read, in megabytes.")] = (
        20
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="What the server writes to its log.")
    ] = "warning"


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the event store uses the machine."""

    memory_mb: Annotated[
        int,
        Meta(
            ge=0,
            le=16_777_216,
            description="Most memory that the event store takes, in MiB; 0 takes half of the machine's, at most 4096.",
        ),
    ] = 0
    threads: Annotated[
        int, Meta(ge=0, le=1024, description="Threads that queries use; 0 takes one for each processor.")
    ] = 0


class CatalogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where definitions, access and the audit log live."""

    url: Annotated[
        str,
        Meta(
            description="Database of the catalog, such as postgresql://user:password@host/name; "
            "the file catalog.sqlite in the workspace when empty. Each workspace takes a database of its own.",
            extra=_SECRET,
        ),
    ] = ""


class FactsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the server keeps unit-day facts up to date. Answers are right at any time; fresh facts make them fast."""

    refresh_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="How often the server adds new events to the facts, in seconds.")
    ] = 30


class CollectSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of what clients send. Tracking plans say more, for each source."""

    addresses: Annotated[
        Literal["keep", "truncate", "drop"],
        Meta(description="What becomes of internet addresses sent as ip: truncate keeps three of four numbers."),
    ] = "truncate"
    bots: Annotated[
        Literal["keep", "drop"], Meta(description="Whether events of clients that name themselves as robots are kept.")
    ] = "keep"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings, by section."""

    workspace: WorkspaceSettings = WorkspaceSettings()
    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    catalog: CatalogSettings = CatalogSettings()
    facts: FactsSettings = FactsSettings()
    collect: CollectSettings = CollectSettings()


class Setting(msgspec.Struct, frozen=True):
    """One row of the table.

    ``type`` is in words; ``default`` as written in ``upshot.toml``.
    """

    key: str
    type: str
    default: str
    description: str
    secret: bool

    @property
    def environment(self) -> str:
        """The variable that sets it."""
        return "UPSHOT_" + self.key.replace(".", "_").upper()


class LoadedSettings(msgspec.Struct, frozen=True):
    """Settings and, for each key that is not at its default, where its value comes from."""

    settings: Settings
    origins: dict[str, str]

    def shown(self, key: str) -> str:
        """The value of ``key`` as TOML writes it; a secret that is set is not shown."""
        row = next(s for s in setting_table() if s.key == key)
        value = _value(self.settings, key)
        return "(set, not shown)" if row.secret and value else _toml(value)


def setting_table() -> tuple[Setting, ...]:
    """Every setting, by section.

    >>> [s.environment for s in setting_table() if s.key == "server.port"]
    ['UPSHOT_SERVER_PORT']
    """
    return tuple(_rows())


def load_settings(
    folder: Path | None, environment: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> LoadedSettings:
    """The settings of the workspace in ``folder`` (None: no file is read).

    Args:
        folder: Where ``upshot.toml`` is looked for; a missing file means defaults.
        environment: Variables, as in ``os.environ``.
        flags: Values by key, from the command line; None values are as good as absent.

    Raises:
        InvalidInput: A value is outside of what is allowed, or the file is not TOML.
        NotFound: The file sets something that is not a setting.
    """
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for layer in (_from_file(folder), _from_environment(environment), _from_flags(flags or {})):
        for key, (value, origin) in layer.items():
            values[key] = _convert(key, value, origin)
            origins[key] = origin
    settings = _assemble(values)
    _check(settings, origins)
    return LoadedSettings(settings, origins)


def _sections() -> dict[str, type[msgspec.Struct]]:
    return {f.name: f.type for f in msgspec.structs.fields(Settings)}


def _types() -> dict[str, object]:
    return {
        f"{section}.{name}": hint
        for section, struct in _sections().items()
        for name, hint in get_type_hints(struct, include_extras=True).items()
    }


def _rows() -> Iterator[Setting]:
    for section, struct in _sections().items():
        hints = get_type_hints(struct, include_extras=True)
        for field in msgspec.structs.fields(struct):
            plain, meta = get_args(hints[field.name])
            yield Setting(
                key=f"{section}.{field.name}",
                type=_words(plain, meta),
                default=_toml(field.default),
                description=meta.description,
                secret=bool((meta.extra or {}).get("secret")),
            )


def _words(plain: object, meta: Meta) -> str:
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(map(str, get_args(plain)))
    if get_origin(plain) is tuple:
        return "list of texts"
    if plain is int:
        return f"whole number from {meta.ge} to {meta.le}"
    return "text"


def _toml(value: object) -> str:
    match value:
        case tuple():
            return "[" + ", ".join(_toml(v) for v in value) + "]"
        case str():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def _value(settings: Settings, key: str) -> object:
    section, _, name = key.partition(".")
    return getattr(getattr(settings, section), name)


def _from_file(folder: Path | None) -> dict[str, tuple[object, str]]:
    path = folder / SETTINGS_FILE if folder else None
    if path is None or not path.is_file():
        return {}
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not valid TOML: {error}.", hint="Correct the file at that place.") from None
    found: dict[str, tuple[object, str]] = {}
    known = _types()
    for section, content in tree.items():
        if section not in _sections():
            raise NotFound(f"section in {SETTINGS_FILE}", section, _sections())
        if not isinstance(content, dict):
            raise InvalidInput(f"{section!r} in {path} is not a section.", hint=f"Write it as [{section}].")
        for name, value in content.items():
            key = f"{section}.{name}"
            if key not in known:
                raise NotFound(f"setting in {SETTINGS_FILE}", key, known, hint="`upshot settings` lists all of them.")
            found[key] = (value, SETTINGS_FILE)
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for row in setting_table():
        direct, by_file = row.environment, f"{row.environment}_FILE"
        if direct in environment and by_file in environment:
            raise InvalidInput(f"Both {direct} and {by_file} are set.", hint="Unset one of them.")
        if direct in environment:
            found[row.key] = (_split(row.key, environment[direct]), direct)
        elif by_file in environment:
            try:
                text = Path(environment[by_file]).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidInput(
                    f"{by_file} names {environment[by_file]!r}, which cannot be read: {error}.",
                    hint="Name a text file that this user may read.",
                ) from None
            found[row.key] = (_split(row.key, text), by_file)
    return found


def _split(key: str, text: str) -> object:
    plain = get_args(_types()[key])[0]
    return tuple(p.strip() for p in text.split(",") if p.strip()) if get_origin(plain) is tuple else text


def _from_flags(flags: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    return {key: (value, "flag") for key, value in flags.items() if value is not None}


def _convert(key: str, value: object, origin: str) -> object:
    strict = origin in (SETTINGS_FILE, "flag")
    try:
        return msgspec.convert(value, _types()[key], strict=strict)
    except msgspec.ValidationError as error:
        row = next(s for s in setting_table() if s.key == key)
        shown = "" if row.secret else f" ({value!r})"
        raise InvalidInput(
            f"The setting {key} from {origin}{shown} is not allowed: {error}.", hint=f"It is a {row.type}."
        ) from None


def _assemble(values: Mapping[str, object]) -> Settings:
    tree: dict[str, dict[str, object]] = {section: {} for section in _sections()}
    for key, value in values.items():
        section, _, name = key.partition(".")
        tree[section][name] = value
    return msgspec.convert(tree, Settings)


def _check(settings: Settings, origins: Mapping[str, str]) -> None:
    if "workspace.time_zone" in origins:
        zone(settings.workspace.time_zone)
    if "workspace.currency" in origins:
        currency(settings.workspace.currency)
