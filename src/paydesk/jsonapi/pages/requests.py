"""Requests as people type them: for curl, for Python (requests) and for JavaScript (fetch), all from one description.

In a path, a body or a token `{order}` stands for something kept from an answer before: a variable of the language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paydesk.jsonapi.openapi.schema import MEDIA_TYPE

FORM = "application/x-www-form-urlencoded"
FURTHER = "…"
"""The name of further members, in an answer that is told in part."""
TOKEN = "token"  # noqa: S105 - the name of a variable
_VARIABLE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Request:
    """One request.

    url      with its query, names of variables in braces
    token    the variable that has the access token; None: no token is sent
    body     JSON, or the members of a form
    media    the media type of the body
    headers  further ones
    keep     by variable, the place in the answer of what it is to hold: `data.id`
    """

    method: str
    url: str
    token: str | None = TOKEN
    body: Any = None
    media: str = MEDIA_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """By name; a variable in braces."""
        sent = {"Authorization": f"Bearer {{{self.token}}}"} if self.token else {}
        if self.body is not None:
            sent["Content-Type"] = self.media
        return {**sent, **self.headers}


def languages(request: Request, columns: int | None = None) -> dict[str, str]:
    """By the name of each language, the request in it; in so many columns on few lines, or else easy to go through."""
    return {
        "curl": curl(request, columns),
        "Python": python(request, columns),
        "JavaScript": javascript(request, columns),
    }


def curl(request: Request, columns: int | None = None) -> str:
    """For a POSIX shell: `{order}` is `$ORDER`."""
    style = JSON.within(columns)
    verb = "" if request.method == "GET" else f" -X {request.method}"
    lines = [f"curl -g{verb} {_shell(request.url)}"]
    lines += [f"-H {_shell(f'{name}: {value}')}" for name, value in request.all_headers.items() if value != FORM]
    if request.body is not None and request.media == FORM:
        lines += [f"-d {_shell(f'{name}={value}')}" for name, value in request.body.items()]
    elif request.body is not None:
        text = style.write(request.body, room=len("  -d '")).replace("'", "'\\''")
        lines.append(f"-d '{_VARIABLE.sub(_spliced, text)}'")
    kept = "".join(f"\n# {name.upper()}: {path} of the answer" for name, path in request.keep.items())
    return " \\\n  ".join(lines) + kept


def _spliced(found: re.Match[str]) -> str:
    """A variable of the shell amid a text in single quotes."""
    return f"'${found[1].upper()}'"


def python(request: Request, columns: int | None = None) -> str:
    """With the `requests` library: `{order}` is `order`."""
    style = PYTHON.within(columns)
    given = [_python_text(request.url)]
    headers = request.all_headers
    if request.media in (FORM, "application/json"):
        headers.pop("Content-Type", None)  # as the library sends it by itself
    if headers:
        given.append(f"headers={style.write(headers, 1, room=len('    headers='))}")
    if request.body is not None:
        given.append(
            f"{'data' if request.media == FORM else 'json'}={style.write(request.body, 1, room=len('    json='))}"
        )
    called = f"answer = requests.{request.method.lower()}(\n    " + ",\n    ".join(given) + ",\n)"
    kept = (f"\n{name} = answer.json(){_member(path, _bracketed)}" for name, path in request.keep.items())
    return called + "".join(kept)


def javascript(request: Request, columns: int | None = None) -> str:
    """With `fetch`: `{order}` is `order`."""
    style = JAVASCRIPT.within(columns)
    options = [] if request.method == "GET" else [f"method: {_quoted(request.method)}"]
    headers = request.all_headers
    if headers:
        options.append(f"headers: {style.write(headers, 1, room=len('  headers: '))}")
    if request.body is not None:
        made = "new URLSearchParams" if request.media == FORM else "JSON.stringify"
        options.append(f"body: {made}({style.write(request.body, 1, room=len('  body: JSON.stringify('))})")
    given = ", {\n  " + ",\n  ".join(options) + ",\n}" if options else ""
    called = f"const answer = await fetch({_javascript_text(request.url)}{given});"
    if request.keep:
        called += "\nconst body = await answer.json();"
    kept = (f"\nconst {name} = body{_member(path, _dotted)};" for name, path in request.keep.items())
    return called + "".join(kept)


def _bracketed(step: str) -> str:
    return f"[{_quoted(step)}]"


def _dotted(step: str) -> str:
    return f".{step}"


@dataclass(frozen=True)
class Style:
    """How a language writes values.

    words   of true, false and null
    text    writes a string
    name    writes the name of a member
    indent  one step of it
    space   between braces and what they hold on their line
    width   how long a line is at most, where it can be broken
    packs   whether members share a line where they fit
    """

    words: tuple[str, str, str]
    text: Callable[[str], str]
    name: Callable[[str], str]
    indent: str = "  "
    space: str = ""
    width: int = 54
    packs: bool = False

    def within(self, columns: int | None) -> Style:
        """The same for so many columns, on few lines."""
        return self if columns is None else replace(self, width=columns, packs=True)

    def write(self, value: Any, depth: int = 0, *, room: int = 0) -> str:
        """The value, on as few lines as fit. What wraps a single value begins and ends on the lines of that.

        room   how much else stands on its line
        """
        line = self._line(value)
        if room + len(line) <= self.width or not isinstance(value, dict | list) or not value:
            return line
        if isinstance(value, dict):
            begin, end = "{" + self.space, self.space + "}"
            told = [(f"{self.name(name)}: ", one) for name, one in value.items() if name != FURTHER]
        else:
            begin, end = "[", "]"
            told = [("", one) for one in value]
        further = [FURTHER] * (len(value) - len(told))
        if len(told) == 1 and isinstance(told[0][1], dict | list):
            begin, end = begin + told[0][0], "".join([f", {one}" for one in further]) + end
            return begin + self.write(told[0][1], depth, room=room + len(begin) + len(end)) + end
        begin, end = begin.strip(), end.strip()
        indent = self.indent * (depth + 1)
        parts = [name + self.write(one, depth + 1, room=len(indent) + len(name)) for name, one in told] + further
        return f"{begin}\n{indent}{self._packed(parts, indent)}\n{self.indent * depth}{end}"

    def _packed(self, parts: list[str], indent: str) -> str:
        """As many on each line as fit; one of several lines has its own."""
        lines = parts[:1]
        for part in parts[1:]:
            shared = f"{lines[-1]}, {part}"
            if self.packs and "\n" not in shared and len(f"{indent}{shared},") <= self.width:
                lines[-1] = shared
            else:
                lines.append(part)
        return f",\n{indent}".join(lines)

    def _line(self, value: Any) -> str:
        if isinstance(value, dict):
            inside = ", ".join(
                FURTHER if name == FURTHER else f"{self.name(name)}: {self._line(one)}" for name, one in value.items()
            )
            return f"{{{self.space}{inside}{self.space}}}" if inside else "{}"
        if isinstance(value, list):
            return f"[{', '.join(self._line(one) for one in value)}]"
        if isinstance(value, str):
            return self.text(value)
        if value is True or value is False or value is None:
            return self.words[(True, False, None).index(value)]
        return _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _python_value(text: str) -> str:
    """A text that is nothing but a variable is that variable."""
    whole = _VARIABLE.fullmatch(text)
    return whole[1] if whole else _python_text(text)


def _javascript_value(text: str) -> str:
    whole = _VARIABLE.fullmatch(text)
    return whole[1] if whole else _javascript_text(text)


def _python_text(text: str) -> str:
    return ("f" if _VARIABLE.search(text) else "") + _quoted(text)


def _javascript_text(text: str) -> str:
    if _VARIABLE.search(text):
        return "`" + _VARIABLE.sub(lambda found: f"${{{found[1]}}}", text) + "`"
    return _quoted(text)


def _javascript_name(name: str) -> str:
    return name if name.isidentifier() else _quoted(name)


JSON = Style(("true", "false", "null"), _quoted, _quoted)
PYTHON = Style(("True", "False", "None"), _python_value, _quoted, "    ")
JAVASCRIPT = Style(("true", "false", "null"), _javascript_value, _javascript_name, space=" ")


def _shell(text: str) -> str:
    if _VARIABLE.search(text):
        return '"' + _VARIABLE.sub(lambda found: f"${found[1].upper()}", text) + '"'
    return f"'{text}'" if re.search(r"[^\w:/.@=-]", text) else text


def _member(path: str, text: Callable[[str], str]) -> str:
    """What leads to a place in an answer: `["data"][0]["id"]`, or `.data[0].id`."""
    return "".join(f"[{step}]" if step.isdigit() else text(step) for step in path.split("."))
