"""The page of a type: what can be asked of it, with answers and errors beside each request, and all its members.

The requests and answers are those of the OpenAPI document; the members come from the declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from paydesk.declare import CREATE, FILTER, SORT, UPDATE, Field, Flag, Relationship, Shape, Trigger
from paydesk.jsonapi.openapi.examples import has_example, sample
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, MEDIA_TYPE, Json
from paydesk.jsonapi.openapi.wording import public_doc
from paydesk.jsonapi.pages.frame import contents, link
from paydesk.jsonapi.pages.html import answer, code, codes, example, json_text, prose, title_of
from paydesk.jsonapi.pages.requests import JSON, Request

METHODS = ("get", "post", "patch", "delete")
_READ = {"Accept": MEDIA_TYPE}


def type_page(shape: Shape, description: Json, origin: str) -> str:
    """The text of the page.

    description   the OpenAPI document
    origin        the address that the examples ask
    """
    operations = "".join(
        _operation(shape, method, path, operation, description, origin)
        for path, method, operation in operations_of(shape, description)
    )
    tables = {
        "attributes": ("Attributes", _attributes(shape)),
        "triggers": ("Triggers", _triggers(shape)),
        "relationships": ("Relationships", _relationships(shape)),
        "filters": ("Filters of its own", _filters(shape)),
    }
    there = [(key, title) for key, (title, table) in tables.items() if table]
    return (
        f'<header class="prose"><p class="kind"><code>{shape.type}</code></p><h1>{escape(title_of(shape.type))}</h1>'
        f"<p>{prose(public_doc(shape))}</p>{contents([('requests', 'Requests'), *there])}</header>"
        f'<section id="requests"><h2>Requests</h2>{operations}</section>'
        + "".join(f'<section id="{key}"><h2>{tables[key][0]}</h2>{tables[key][1]}</section>' for key, _ in there)
    )


def operations_of(shape: Shape, description: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation of what can be asked of the type itself: its collection, and one record."""
    own = (f"/api/{shape.type}", f"/api/{shape.type}/{{id}}", f"/api/{shape.singular}")
    for path in own:
        item = description["paths"].get(path, {})
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _operation(shape: Shape, method: str, path: str, operation: Json, description: Json, origin: str) -> str:
    verb = method.upper()
    content = operation.get("requestBody", {}).get("content", {}).get(MEDIA_TYPE, {})
    url = origin + path.replace("{id}", ID_EXAMPLE)
    request = Request(verb, url, body=content.get("example"), headers=_READ)
    good, errors = _answers(operation, description)
    told = operation["description"].removesuffix(public_doc(shape)).strip()
    return (
        f'<article id="{operation["operationId"]}"><div class="prose"><h3>{escape(operation["summary"])}</h3>'
        f'<p class="operation"><b class="{method}">{verb}</b><code>{escape(path)}</code></p>'
        f"<p>{prose(told)}</p>{_errors(errors)}</div>"
        f'<div class="side">{example(f"{verb} {path}", request)}{good}</div></article>'
    )


def _answers(operation: Json, description: Json) -> tuple[str, list[tuple[str, Json]]]:
    """What the answer is where all is well; and by status the answers where it is not."""
    good, errors = "", []
    for status, response in operation["responses"].items():
        described = _resolved(response, description)
        if status[0] == "2":
            value = _example(described, description)
            title = f"{status} {described['description']}"
            good += answer(title, value) if value is not None else code(title, "", "answer empty")
        else:
            errors.append((status, described))
    return good, errors


def _errors(errors: list[tuple[str, Json]]) -> str:
    lines = "".join(
        f'<dt><a href="{link(f"errors#{status}")}">{status}</a></dt><dd>{prose(error["description"])}</dd>'
        for status, error in errors
    )
    shown = next((one for status, one in errors if status == "422"), errors[0][1] if errors else None)
    sample_answer = code("How an error is told", JSON.write(_example(shown, {}))) if shown else ""
    return (
        f"<details><summary>Errors <span>{' '.join(status for status, _ in errors)}</span></summary>"
        f'<dl class="errors">{lines}</dl>{sample_answer}</details>'
    )


def _resolved(part: Json, description: Json) -> Json:
    while "$ref" in part:
        found: Any = description
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _example(response: Json, description: Json) -> Any:
    content = response.get("content", {}).get(MEDIA_TYPE, {})
    if "example" in content:
        return content["example"]
    for one in content.get("examples", {}).values():
        return _resolved(one, description)["value"]
    return None


# Members.


def _flag_chips(shape: Shape, flags: Flag, *, required: bool = False) -> str:
    """What a client may do with a member. Flags are published as they stand, also where the type lacks the action."""
    for action, meant in (("create", CREATE), ("update", UPDATE), ("list", FILTER | SORT)):
        if action not in shape.actions:
            flags &= ~meant
    chips = [(required and bool(flags & CREATE), "required", "required")]
    chips += [
        (bool(flags & CREATE), "create", "create"),
        (bool(flags & UPDATE), "update", "update"),
        (bool(flags & FILTER), "filter", "filter"),
        (bool(flags & SORT), "sort", "sort"),
    ]
    return "".join(f'<span class="chip {kind}">{text}</span>' for there, kind, text in chips if there)


def _row(name: str, kind: str, chips: str, text: str) -> str:
    return (
        f'<tr id="{escape(name)}"><th scope="row"><a href="#{escape(name)}">'
        f"<code>{escape(name)}</code></a><small>{kind}</small></th><td>{text}</td>"
        f'<td class="chips">{chips or "<span>read only</span>"}</td></tr>'
    )


def _table(rows: str, head: str) -> str:
    if not rows:
        return ""
    heads = f'<th scope="col">{head}</th><th scope="col">What it is</th><th scope="col">A client may</th>'
    return f'<table class="members"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def told_with_cents(one: Field) -> bool:
    """`x_float` and `formatted_x` are told in the row of `x_cents`."""
    return bool(one.money) and not one.stored and one.compute is None and len(one.inputs) == 1


def _acts(name: str, one: Field) -> bool:
    """An attribute that says something to a trigger, or is one that its resource handles by itself."""
    return name.startswith("_") and not one.fetch


def _attributes(shape: Shape) -> str:
    shown = {name: one for name, one in shape.fields.items() if not _acts(name, one)}
    return _table(_field_rows(shape, shown), "Attribute")


def _field_rows(shape: Shape, fields: dict[str, Field]) -> str:
    rows: list[str] = []
    for name, one in fields.items():
        if not one.on_wire or told_with_cents(one):
            continue
        text = [prose(one.doc)]
        also = [other.name for other in shape.fields.values() if told_with_cents(other) and other.inputs == (name,)]
        if also:
            text.append(f"In minor units; also told as {codes(also)}.")
        if one.enum:
            text.append(f"One of {codes(one.enum)}")
        if one.constant:
            text.append(f"Not served yet: always <code>{escape(json_text(one.default))}</code>.")
        if one.confidential:
            text.append("Seen only by callers that may write the record.")
        if one.prohibited:
            text.append("Not for sales channels.")
        if one.default is not None and not one.constant and one.flags & CREATE:
            text.append(f"Default <code>{escape(json_text(one.default))}</code>.")
        if has_example(one) and not _acts(name, one):
            text.append(f'<span class="example">Example <code>{escape(json_text(one.example))}</code></span>')
        chips = _flag_chips(shape, one.flags, required=one.required)
        if not one.fetch and not _acts(name, one):
            chips += '<span class="chip only">write only</span>'
        if _acts(name, one):
            text.append(_acting(shape, name, one.flags, one.example if has_example(one) else sample(one)))
        rows.append(_row(name, one.kind, chips, " ".join(part for part in text if part)))
    return "".join(rows)


def _triggers(shape: Shape) -> str:
    rows = "".join(
        _row(name, one.kind, _flag_chips(shape, one.flags), _trigger(shape, name, one))
        for name, one in shape.triggers.items()
    )
    rows += _field_rows(shape, {name: one for name, one in shape.fields.items() if _acts(name, one)})
    return _table(rows, "Trigger")


def _trigger(shape: Shape, name: str, one: Trigger) -> str:
    told = prose(one.doc) + (" Not for sales channels." if one.prohibited else "")
    value = sample(Field(one.kind, name=name))  # type: ignore[arg-type]
    return told + _acting(shape, name, one.flags, value)


def _acting(shape: Shape, name: str, flags: Flag, value: Any) -> str:
    """The request that uses a trigger. What only says more to one is sent together with it."""
    first = max((one for one in shape.triggers if name.startswith(f"{one}_")), key=len, default=None)
    attributes = {first: True, name: value} if first else {name: value}
    updates = bool(flags & UPDATE) and "update" in shape.actions
    member = shape.singular if shape.singleton else f"{shape.type}/{ID_EXAMPLE}"
    line = f"PATCH /api/{member}" if updates else f"POST /api/{shape.type}"
    data: Json = {"type": shape.type, **({"id": ID_EXAMPLE} if updates else {}), "attributes": attributes}
    return _shown(line, {"data": data})


def _shown(line: str, document: Json | None, more: str = "") -> str:
    """An example that opens in the row of its member."""
    text = line if document is None else f"{line}\n\n{JSON.write(document)}"
    return f"<details><summary>Example</summary>{code('Request', text)}{more}</details>"


def _relationships(shape: Shape) -> str:
    rows = "".join(
        _row(
            name,
            "to many" if one.many else "to one",
            _flag_chips(shape, one.flags, required=one.required)
            + ('<span class="chip">include</span>' if one.includable else ""),
            _related(one) + _relating(shape, name, one) if name in shape.relationships else prose(one.doc),
        )
        for name, one in {**shape.relationships, **shape.empty}.items()
        if not one.hidden
    )
    return _table(rows, "Relationship")


def _related(one: Relationship) -> str:
    types = ", ".join(f'<a href="{link(f"resources/{target}")}"><code>{target}</code></a>' for target in one.types)
    prohibited = " Not for sales channels." if one.prohibited else ""
    return f"{types} {prose(one.doc)}{prohibited}".strip()


def _relating(shape: Shape, name: str, one: Relationship) -> str:
    """How it is read, and how it is written where a client may."""
    member = shape.singular if shape.singleton else f"{shape.type}/{ID_EXAMPLE}"
    lines = [f"GET /api/{member}/{name}"]
    if one.includable:
        lines.insert(0, f"GET /api/{member}?include={name}")
    creates = bool(one.flags & CREATE) and "create" in shape.actions
    updates = bool(one.flags & UPDATE) and "update" in shape.actions
    if not creates and not updates:
        return _shown("\n".join(lines), None)
    identity = {"type": one.types[0], "id": ID_EXAMPLE}
    data: Json = {"type": shape.type, **({"id": ID_EXAMPLE} if updates else {})}
    data["relationships"] = {name: {"data": [identity] if one.many else identity}}
    line = f"PATCH /api/{member}" if updates else f"POST /api/{shape.type}"
    return _shown(line, {"data": data}, code("Read it", "\n".join(lines)))


def _filters(shape: Shape) -> str:
    names = [f"filter[q][{name}]" for name in shape.scopes] + [f"filter[{name}]" for name in shape.plain_filters]
    names += [f"filter[q][{name}_eq]" for name, field in shape.fields.items() if field.searched]
    return f"<p>{codes(names)}</p>" if names else ""
