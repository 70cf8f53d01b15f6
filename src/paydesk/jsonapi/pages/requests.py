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


def languages(request: Request) -> dict[str, str]:
    """By the name of each language, the request in it."""
    return {"curl": curl(request), "Python": python(request), "JavaScript": javascript(request)}


def curl(request: Request) -> str:
    """For a POSIX shell: `{order}` is `$ORDER`."""
    verb = "" if request.method == "GET" else f" -X {request.method}"
    lines = [f"curl -g{verb} {_shell(request.url)}"]
    lines += [f"-H {_shell(f'{name}: {value}')}" for name, value in request.all_headers.items() if value != FORM]
    after = ""
    if request.body is not None and request.media == FORM:
        lines += [f"-d {_shell(f'{name}={value}')}" for name, value in request.body.items()]
    elif request.body is not None:
        text = JSON.write(request.body)
        if _VARIABLE.search(text):
            lines.append("-d @- <<END")
            after = f"\n{_VARIABLE.sub(lambda found: f'${found[1].upper()}', text)}\nEND"
        else:
            lines.append("-d '" + text.replace("'", "'\\''") + "'")
    kept = "".join(f"\n# {name.upper()}: {path} of the answer" for name, path in request.keep.items())
    return " \\\n  ".join(lines) + after + kept


def python(request: Request) -> str:
    """With the `requests` library: `{order}` is `order`."""
    given = [_python_text(request.url)]
    headers = request.all_headers
    if request.media in (FORM, "application/json"):
        headers.pop("Content-Type", None)  # as the library sends it by itself
    if headers:
        given.append(f"headers={PYTHON.write(headers, 1)}")
    if request.body is not None:
        given.append(f"{'data' if request.media == FORM else 'json'}={PYTHON.write(request.body, 1)}")
    called = f"answer = requests.{request.method.lower()}(\n    " + ",\n    ".join(given) + ",\n)"
    kept = (f"\n{name} = answer.json(){_member(path, _bracketed)}" for name, path in request.keep.items())
    return called + "".join(kept)


def javascript(request: Request) -> str:
    """With `fetch`: `{order}` is `order`."""
    options = [] if request.method == "GET" else [f"method: {_quoted(request.method)}"]
    headers = request.all_headers
    if headers:
        options.append(f"headers: {JAVASCRIPT.write(headers, 1)}")
    if request.body is not None:
        made = "new URLSearchParams" if request.media == FORM else "JSON.stringify"
        options.append(f"body: {made}({JAVASCRIPT.write(request.body, 1)})")
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
    width   how long a line is at most, where it can be broken
    """

    words: tuple[str, str, str]
    text: Callable[[str], str]
    name: Callable[[str], str]
    indent: str = "  "
    width: int = 66

    def write(self, value: Any, depth: int = 0, *, first: bool = True) -> str:
        """The value, on one line where it fits."""
        line = self._line(value)
        if len(line) + depth * len(self.indent) <= self.width and not (first and _is_document(value)):
            return line
        if isinstance(value, dict) and value:
            parts = [f"{self.name(name)}: {self.write(one, depth + 1, first=False)}" for name, one in value.items()]
            return self._block("{", parts, "}", depth)
        if isinstance(value, list) and value:
            return self._block("[", [self.write(one, depth + 1, first=False) for one in value], "]", depth)
        return line

    def _block(self, begin: str, parts: list[str], end: str, depth: int) -> str:
        inner, outer = "\n" + self.indent * (depth + 1), "\n" + self.indent * depth
        return (
            begin
            + inner
            + f",{inner}".join(parts)
            + ("," if self.words != JSON.words or self is JAVASCRIPT else "")
            + outer
            + end
        )

    def _line(self, value: Any) -> str:
        if isinstance(value, dict):
            inside = ", ".join(f"{self.name(name)}: {self._line(one)}" for name, one in value.items())
            return f"{{ {inside} }}" if self is JAVASCRIPT and inside else f"{{{inside}}}"
        if isinstance(value, list):
            return f"[{', '.join(self._line(one) for one in value)}]"
        if isinstance(value, str):
            return self.text(value)
        if value is True or value is False or value is None:
            return self.words[(True, False, None).index(value)]
        return _quoted(value)


def _is_document(value: Any) -> bool:
    return isinstance(value, dict) and ("data" in value or "errors" in value)


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
ANSWER = replace(JSON, width=46)
"""An answer stands beside its request, in a narrower column."""
PYTHON = Style(("True", "False", "None"), _python_value, _quoted, "    ")
JAVASCRIPT = Style(("true", "false", "null"), _javascript_value, _javascript_name)


def _shell(text: str) -> str:
    if _VARIABLE.search(text):
        return '"' + _VARIABLE.sub(lambda found: f"${found[1].upper()}", text) + '"'
    return f"'{text}'" if re.search(r"[^\w:/.@=-]", text) else text


def _member(path: str, text: Callable[[str], str]) -> str:
    """What leads to a place in an answer: `["data"][0]["id"]`, or `.data[0].id`."""
    return "".join(f"[{step}]" if step.isdigit() else text(step) for step in path.split("."))
