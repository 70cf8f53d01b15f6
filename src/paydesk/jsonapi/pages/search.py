"""The words that can be searched for: of guides, types, their members, and errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paydesk.base.errors import MESSAGES
from paydesk.declare import Shape
from paydesk.jsonapi import errors
from paydesk.jsonapi.openapi.components import ERRORS
from paydesk.jsonapi.openapi.wording import public_doc
from paydesk.jsonapi.pages.frame import link
from paydesk.jsonapi.pages.guides import guides
from paydesk.jsonapi.pages.html import title_of
from paydesk.jsonapi.pages.types import told_with_cents
from paydesk.rules.registry import Registry

Entry = tuple[str, str, str, str]
"""What it is called, what it is part of, its address, and its words."""


def index(registry: Registry) -> list[Entry]:
    """Everything that can be found, what matters most first."""
    return [*_guides(), *_errors(), *_types(registry)]


def _guides() -> Iterator[Entry]:
    for guide in guides().values():
        for anchor, title, text in guide.sections():
            place = link(f"guides/{guide.key}") + (f"#{anchor}" if anchor else "")
            yield title, "Guide" if not anchor else guide.title, place, _words(text)


def _errors() -> Iterator[Entry]:
    for status, meaning in ERRORS.items():
        yield str(status), "Errors", link(f"errors#{status}"), _words(meaning)
    for name, problem in errors.table().items():
        words = f"{problem.status} {problem.title}. {problem.detail}"
        yield name, f"Error {problem.status}", link(f"errors#{name}"), words
    for name, message in MESSAGES.items():
        yield name, "Rule of a 422", link(f"errors#{name}"), message


def _types(registry: Registry) -> Iterator[Entry]:
    for name, resource in registry.types.items():
        yield title_of(name), "Resource", link(f"resources/{name}"), f"{name}. {_words(public_doc(resource.shape))}"
    for name, resource in registry.types.items():
        for member, text in _members(resource.shape):
            yield member, name, link(f"resources/{name}#{member}"), _words(text)


def _members(shape: Shape) -> Iterator[tuple[str, str]]:
    for name, field in shape.fields.items():
        if field.on_wire and not told_with_cents(field):
            yield name, f"{field.doc} {' '.join(field.enum or ())}"
    for name, trigger in shape.triggers.items():
        yield name, trigger.doc
    for name, relationship in {**shape.relationships, **shape.empty}.items():
        if not relationship.hidden:
            yield name, f"{relationship.doc} {' '.join(relationship.types)}"


def _words(text: str) -> str:
    """The text without signs of Markdown, its examples among it."""
    plain = re.sub(r"\]\([^)]*\)", "", text)
    return " ".join(re.sub(r"[`*#|\[\]]|^```\w*|-{3,}", " ", plain, flags=re.M).split())
