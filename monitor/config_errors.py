"""Say what is wrong in a configuration file: file, line, key, what was found, what would be right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from storage.errors import ConfigError

_REPEATED = frozenset({"source", "delivery", "alert"})  # a key of theirs is never suggested for another table
Keys = tuple[str | int, ...]
"""The way to a value: ("crawl", "delay_seconds"), ("source", 2, "url")."""

_HEADER = r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$"
_KEY = r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
_FORBIDDEN = r"(?i)(?:.*[_-])?(?:passw(?:or)?d|pwd|token|secret|api[_-]?key|credentials?)"


class Document(msgspec.Struct, frozen=True):
    """The text of a configuration file, for pointing into it. Without a text it stands for the environment or an option."""

    name: str
    text: str = ""

    def line_of(self, keys: Keys) -> int | None:
        """Return the line of a key, or of the nearest table round it; None where neither is found.

        A scan of lines, for TOML keeps no positions: good enough to point a person to the place.
        """
        near: tuple[int, int] | None = None  # how many keys agree, line
        table: Keys = ()
        seen: Counter[Keys] = Counter()
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(_HEADER, line):
                table = _split(header[2])
                if header[1] == "[[":
                    seen[table] += 1
                    table = (*table, seen[table] - 1)
                here = table
            elif key := re.match(_KEY, line):
                here = table + _split(key[1])
            else:
                continue
            if here == keys:
                return number
            shared = min(len(here), len(keys))
            if here[:shared] == keys[:shared] and (near is None or shared > near[0]):
                near = (shared, number)
        return near[1] if near else None

    def error(self, keys: Keys, message: str, *, hint: str | None = None) -> ConfigError:
        """Return the error, its message begun with file and line."""
        line = self.line_of(keys) if keys else None
        return ConfigError(f"{self.name}, line {line}: {message}" if line else f"{self.name}: {message}", hint=hint)

    def wrong(self, keys: Keys, found: object, right: str, *, hint: str | None = None) -> ConfigError:
        """Return the error for a value that will not do."""
        return self.error(keys, f"{dotted(keys)} is {shown(found)}, but should be {right}", hint=hint)


def dotted(keys: Keys) -> str:
    """Write the way to a value as people read it: `crawl.delay_seconds`, `url of [[source]] number 3`."""
    for at, key in enumerate(keys):
        if isinstance(key, int):
            number = f"[[{'.'.join(map(str, keys[:at]))}]] number {key + 1}"
            rest = ".".join(map(str, keys[at + 1 :]))
            return f"{rest} of {number}" if rest else number
    return ".".join(map(str, keys))


def shown(value: object) -> str:
    """Write a value as it stands in a file, shortened."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def parse(document: Document) -> dict[str, Any]:
    """Parse a TOML text.

    Raises:
        ConfigError: it is no TOML; names the line.
    """
    import tomllib

    try:
        return tomllib.loads(document.text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = int(found[1]) if found else max(len(document.text.splitlines()), 1)
        lines = document.text.splitlines()
        said = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        # The line itself is not repeated where it may hold a secret.
        quoted = f" in {shown(said)}" if said and not re.match(_FORBIDDEN, said.partition("=")[0].strip()) and "://" not in said else ""
        raise ConfigError(
            f"{document.name}, line {line}: this is not TOML: {message[:1].lower()}{message[1:]}{quoted}",
            hint="write one [digest], or several [[digest]], not both"
            if said.strip("[] ") == "digest"
            else 'texts stand in quotes: key = "value"; lists in brackets: key = ["a", "b"]',
        ) from None
    except RecursionError:
        raise ConfigError(f"{document.name}: nested too deeply for a configuration", hint="write a new one with `monitor init`") from None


def check_keys(
    document: Document, data: Mapping[str, Any], shape: type[msgspec.Struct], tables: Mapping[str, type[msgspec.Struct]]
) -> None:
    """Refuse keys that nothing reads, with the nearest that something does, and keys that ask for a secret.

    Raises:
        ConfigError: such a key.
    """
    check_table(document, (), data, names_of(shape), tables)
    for name, struct in tables.items():
        inner = data.get(name)
        if isinstance(inner, dict):
            check_table(document, (name,), inner, names_of(struct), tables)
        elif isinstance(inner, list):
            for number, one in enumerate(inner):
                if isinstance(one, dict):
                    check_table(document, (name, number), one, names_of(struct), tables)
    for number, one in enumerate(data["topic"] if isinstance(data.get("topic"), list) else ()):
        for key in one if isinstance(one, dict) else ():
            _check_secret(document, ("topic", number, key))


def names_of(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    """The keys of a table, as they are written."""
    return struct.__struct_encode_fields__


def _check_secret(document: Document, keys: Keys) -> None:
    if re.fullmatch(_FORBIDDEN, str(keys[-1])):
        raise document.error(
            keys,
            f"{dotted(keys)} asks for a secret, and secrets do not belong into this file",
            hint=f'name the environment variable that holds it instead: {keys[-1]}_env = "NAME"'
            if keys[0] == "delivery"
            else "remove it; give the database's password with the whole URL in the environment: MONITOR_DATABASE_URL",
        )


def check_table(
    document: Document, at: Keys, table: Mapping[str, Any], names: Sequence[str], tables: Mapping[str, type[msgspec.Struct]]
) -> None:
    """Refuse keys of one table that are not among `names`, as `check_keys` does.

    Raises:
        ConfigError: such a key.
    """
    for key in table:
        if key in names:
            continue
        _check_secret(document, (*at, key))
        raise document.error((*at, key), f"unknown key {dotted((*at, key))}; {_suggestion(key, at, names, tables)}")


def _suggestion(key: str, at: Keys, names: Sequence[str], tables: Mapping[str, type[msgspec.Struct]]) -> str:
    from difflib import get_close_matches

    spelled = key.lower().replace(" ", "_")
    elsewhere = {name: table for table, struct in tables.items() if table not in _REPEATED for name in names_of(struct)}
    if key.removesuffix("s") in names:
        return f"did you mean {key.removesuffix('s')}?"
    if key in elsewhere:
        return f"it belongs under [{elsewhere[key]}]"
    if near := get_close_matches(spelled, names, n=1, cutoff=0.6):
        return f"did you mean {near[0]}?"
    if far := get_close_matches(spelled, elsewhere, n=1, cutoff=0.75):
        return f"did you mean {far[0]} under [{elsewhere[far[0]]}]?"
    where = f"[{at[0]}] has" if len(at) == 1 else f"[[{at[0]}]] has" if at else "there are"
    return f"{where} {', '.join(names)}"


def refused(document: Document, keys: Keys, error: msgspec.ValidationError, data: object, shape: type[msgspec.Struct]) -> ConfigError:
    """Put what msgspec says of a table into words.

    Args:
        keys: the way to the table.
        data: the table.
        shape: what it should have been.
    """
    message = str(error)
    if missing := re.search(r"missing required field `([^`]+)`", message):
        return document.error(keys, f"{dotted(keys)} has no {missing[1]}; write {missing[1]} = ... : {right(shape, missing[1])}")
    found = re.search(r"at `\$([^`]*)`", message)
    names = [name for name in found[1].split(".") if name] if found else []
    first = names[0].partition("[")[0] if names else ""
    if not first or not isinstance(data, Mapping):
        return document.wrong(keys, data, f"a table, begun by [{keys[0]}]" if len(keys) == 1 else "a table")
    value = data.get(first)
    return document.wrong((*keys, first), value, right(shape, first))


def right(shape: type[msgspec.Struct], name: str) -> str:
    """Say what a key takes, out of its annotation."""
    from typing import get_type_hints

    fields = dict(zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True))
    hint = get_type_hints(shape, include_extras=True)[fields[name]]
    for meta in _metas(hint):
        if meta.description:
            return meta.description
    return {bool: "true or false", str: "a text in quotes"}.get(hint, f"a table, begun by [{name}]")


def _metas(hint: Any) -> Iterable[msgspec.Meta]:
    for part in (*getattr(hint, "__metadata__", ()), *getattr(hint, "__args__", ())):
        if isinstance(part, msgspec.Meta):
            yield part
        else:
            yield from _metas(part)


def _split(dotted_key: str) -> tuple[str, ...]:
    return tuple(part[0] or part[1] or part[2] for part in re.findall(r"""([A-Za-z0-9_-]+)|"([^"]*)"|'([^']*)'""", dotted_key))
