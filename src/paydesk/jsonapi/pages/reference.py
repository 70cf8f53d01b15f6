"""The reference page at `/docs`: one document for people, made from the declarations, complete in itself.

It loads nothing from anywhere, so it works on a machine without the internet and under the strict `POLICY`.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib.resources import files

from paydesk.declare import CREATE, FILTER, SORT, UPDATE, Field, Flag, Relationship, Shape
from paydesk.jsonapi.openapi.examples import example_data, has_example
from paydesk.jsonapi.openapi.wording import public_doc
from paydesk.jsonapi.pages.html import code, codes, json_text, prose, title_of
from paydesk.jsonapi.pages.introduction import SECTIONS, introduction
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

_STYLE = files(__package__).joinpath("reference.css").read_text("utf-8")
_SCRIPT = files(__package__).joinpath("reference.js").read_text("utf-8")


def reference_page(registry: Registry, *, version: str, origin: str = "https://acme.example.com") -> bytes:
    """The page. `origin` is the address that its examples ask."""
    shapes = [resource.shape for resource in registry.types.values()]
    navigation = "".join(
        f'<li><a href="#{shape.type}"><span>{escape(title_of(shape.type))}</span></a></li>' for shape in shapes
    )
    sections = "".join(_section(resource, registry, origin) for resource in registry.types.values())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>paydesk API reference</title><style>{_STYLE}</style></head><body>"
        '<a class="skip" href="#introduction">Skip to the content</a>'
        '<aside><a class="brand" href="#introduction"><i></i>paydesk<small>' + escape(version) + "</small></a>"
        '<label class="search"><input id="search" type="search" placeholder="Search" '
        'autocomplete="off" spellcheck="false" aria-label="Search types and attributes"><kbd>/</kbd></label>'
        '<nav id="navigation" aria-label="Contents"><h2>Basics</h2><ul>'
        + "".join(f'<li><a href="#{key}"><span>{title}</span></a></li>' for key, title in SECTIONS)
        + f'</ul><h2>Resources</h2><ul>{navigation}</ul></nav><ol id="results" hidden></ol>'
        '<p id="nothing" hidden>Nothing has that name.</p></aside>'
        f"<main>{introduction(origin)}{sections}</main><script>{_SCRIPT}</script></body></html>"
    ).encode()


def _section(resource: type[Resource], registry: Registry, origin: str) -> str:
    shape = resource.shape
    tables = "".join((_attributes(shape), _triggers(shape), _relationships(shape), _filters(shape)))
    return (
        f'<section id="{shape.type}"><header><div class="prose"><h2>{escape(title_of(shape.type))}'
        f'<a class="anchor" href="#{shape.type}" aria-label="Link to {shape.type}">#</a></h2>'
        f"<p>{prose(public_doc(shape))}</p>{_operations(shape)}</div>"
        f'<div class="side">{_examples(shape, origin)}</div></header>{tables}</section>'
    )


def _operations(shape: Shape) -> str:
    member = f"/api/{shape.singular}" if shape.singleton else f"/api/{shape.type}/{{id}}"
    collection = f"/api/{shape.type}"
    ways = (
        ("list", "GET", collection),
        ("create", "POST", collection),
        ("retrieve", "GET", member),
        ("update", "PATCH", member),
        ("delete", "DELETE", member),
    )
    lines = "".join(
        f'<li><b class="{verb.lower()}">{verb}</b><code>{escape(path)}</code></li>'
        for action, verb, path in ways
        if action in shape.actions and not (shape.singleton and action in ("list", "create"))
    )
    return f'<ul class="operations">{lines}</ul>'


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


def _row(shape: Shape, name: str, kind: str, chips: str, text: str) -> str:
    return (
        f'<tr id="{shape.type}.{escape(name)}"><th scope="row"><a href="#{shape.type}.{escape(name)}">'
        f"<code>{escape(name)}</code></a><small>{kind}</small></th><td>{text}</td>"
        f'<td class="chips">{chips or "<span>read only</span>"}</td></tr>'
    )


def _table(title: str, rows: str, heads: tuple[str, str, str]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{one}</th>" for one in heads)
    return (
        f'<h3>{title}</h3><div class="scroll"><table class="members"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _told_with_cents(one: Field) -> bool:
    """`x_float` and `formatted_x` are told in the row of `x_cents`."""
    return bool(one.money) and not one.stored and one.compute is None and len(one.inputs) == 1


def _acts(name: str, one: Field) -> bool:
    """An attribute that says something to a trigger, or is one that its resource handles by itself."""
    return name.startswith("_") and not one.fetch


def _attributes(shape: Shape) -> str:
    shown = {name: one for name, one in shape.fields.items() if not _acts(name, one)}
    return _table("Attributes", _field_rows(shape, shown), ("Attribute", "", "A client may"))


def _field_rows(shape: Shape, fields: dict[str, Field]) -> str:
    rows: list[str] = []
    for name, one in fields.items():
        if not one.on_wire or _told_with_cents(one):
            continue
        text = [prose(one.doc)]
        also = [other.name for other in shape.fields.values() if _told_with_cents(other) and other.inputs == (name,)]
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
        if has_example(one):
            example = escape(json_text(one.example))
            text.append(f'<span class="example">Example <code>{example}</code></span>')
        chips = _flag_chips(shape, one.flags, required=one.required)
        if not one.fetch and not _acts(name, one):
            chips += '<span class="chip only">write only</span>'
        rows.append(_row(shape, name, one.kind, chips, " ".join(part for part in text if part)))
    return "".join(rows)


def _triggers(shape: Shape) -> str:
    rows = "".join(
        _row(
            shape,
            name,
            acting.kind,
            _flag_chips(shape, acting.flags),
            prose(acting.doc) + (" Not for sales channels." if acting.prohibited else ""),
        )
        for name, acting in shape.triggers.items()
    )
    rows += _field_rows(shape, {name: one for name, one in shape.fields.items() if _acts(name, one)})
    return _table("Triggers", rows, ("Trigger", "", "A client may"))


def _relationships(shape: Shape) -> str:
    rows = "".join(
        _row(
            shape,
            name,
            "to many" if one.many else "to one",
            _flag_chips(shape, one.flags, required=one.required)
            + ('<span class="chip">include</span>' if one.includable else ""),
            _related(one) if name in shape.relationships else prose(one.doc),
        )
        for name, one in {**shape.relationships, **shape.empty}.items()
        if not one.hidden
    )
    return _table("Relationships", rows, ("Relationship", "", "A client may"))


def _related(one: Relationship) -> str:
    types = ", ".join(f'<a href="#{target}"><code>{target}</code></a>' for target in one.types)
    prohibited = " Not for sales channels." if one.prohibited else ""
    return f"{types} {prose(one.doc)}{prohibited}".strip()


def _filters(shape: Shape) -> str:
    names = [f"filter[q][{name}]" for name in shape.scopes] + [f"filter[{name}]" for name in shape.plain_filters]
    names += [f"filter[q][{name}_eq]" for name, field in shape.fields.items() if field.searched]
    return f"<h3>Filters of its own</h3><p>{codes(names)}</p>" if names else ""


def _examples(shape: Shape, origin: str) -> str:
    head = "  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Accept: application/vnd.api+json'"
    if "create" in shape.actions or "update" in shape.actions:
        creates = "create" in shape.actions
        body = json_text({"data": example_data(shape, CREATE if creates else UPDATE)}, indent=2).replace("'", "'\\''")
        member = shape.singular if shape.singleton else f"{shape.type}/XAyRWNUzyN"
        path, verb = (shape.type, "POST") if creates else (member, "PATCH")
        text = (
            f"curl -X {verb} {origin}/api/{path} \\\n{head} \\\n"
            f"  -H 'Content-Type: application/vnd.api+json' \\\n  -d '{body}'"
        )
        made = code("Create" if creates else "Update", text)
    elif shape.singleton:
        made = code("Retrieve", f"curl {origin}/api/{shape.singular} \\\n{head}")
    elif "list" in shape.actions:
        made = code("List", f"curl {origin}/api/{shape.type} \\\n{head}")
    else:
        made = code("Retrieve", f"curl {origin}/api/{shape.type}/XAyRWNUzyN \\\n{head}")
    return made


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_hashed(_STYLE)}; script-src {_hashed(_SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy to send with the page: its own style and script, nothing else."""
