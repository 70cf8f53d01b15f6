"""From the bytes of a request to a `Change`: typed values, and every mistake found at once, each with its pointer.

Stages: the shape of the document; the names in it; the values. A later stage is not looked at while an earlier one has
problems. What a declaration decides is worked out once for a type and verb, so that reading a body is one look-up and
one check for each member.
Source: JSON:API, "Creating resources" and "Updating resources"; Commerce Layer, "API specification".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from paydesk.base.errors import Denied, message_of
from paydesk.declare import CREATE, UPDATE, Field, Relationship, Shape
from paydesk.declare.contract import members_of
from paydesk.jsonapi.body import strict
from paydesk.jsonapi.body.cards import holds_card
from paydesk.jsonapi.body.checks import Broken, Check, check_of
from paydesk.jsonapi.errors import ApiError, RequestProblems, problem, validation
from paydesk.rules.asking import Change
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

Verb = Literal["create", "update"]
Reference = tuple[str, str]
"""Type and id of a record."""

MAXIMUM_PROBLEMS = 100
"""An answer names at most so many problems of one stage: it must not grow with the nonsense it answers."""

_MAXIMUM_ID = 255


@dataclass(slots=True)
class Decoded:
    """A request that could be read.

    change    stored attributes in `values`, all other attributes and the triggers that act in `arguments`; to-one
              relationships are not in it yet
    links     the to-one relationships that the request names: type and id, None where it says null
    many      the to-many relationships that the request replaces, each record once
    pointers  where a name stands in the request when that is not where it belongs (`payment_source` as an attribute)
    problems  broken rules about values (422). They are told after the record was looked up and its caller found
              entitled, together with what the rules find: call `check`, or add them to the others
    """

    change: Change
    links: dict[str, Reference | None] = field(default_factory=dict)
    many: dict[str, list[Reference]] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    problems: list[ApiError] = field(default_factory=list)

    def check(self) -> None:
        """Raise `RequestProblems` when values break rules."""
        if self.problems:
            raise RequestProblems(self.problems)


def decode(
    body: bytes,
    resource: type[Resource],
    registry: Registry,
    *,
    verb: Verb,
    record_id: str | None = None,
    prohibited: bool = False,
) -> Decoded:
    """Read the body of a POST or PATCH.

    record_id   the id in the URL of a PATCH; None for a creation and for a singleton
    prohibited  the caller is a sales channel, so members that these may not write are refused
    raises      RequestProblems (400) for the shape or the names; Denied for prohibited members
    """
    key = (id(registry), resource, verb)
    decoder = _DECODERS.get(key)
    if decoder is None:
        decoder = _DECODERS[key] = _Decoder(resource, registry, verb)
    return decoder.decode(body, record_id, prohibited)


class _Problems(list[ApiError]):
    """The problems of one stage. Reading ends when there are too many: unknown names can be a hundred thousand."""

    def append(self, error: ApiError) -> None:
        super().append(error)
        if len(self) >= MAXIMUM_PROBLEMS:
            raise RequestProblems(self, names=True)


@dataclass(slots=True)
class _Member:
    """One attribute or trigger as this verb takes it.

    kept      it goes to `values`; otherwise to `arguments`
    acts      a trigger: null is no request at all, nor is false where it is a boolean
    default   what null puts in place, a copy for each record
    """

    name: str
    check: Check
    kept: bool
    acts: bool
    required: bool
    prohibited: bool
    default: Any


def shown(text: Any) -> str:
    """Text of a client's as an error repeats it: short, and always encodable."""
    return (text if type(text) is str else json.dumps(text))[:100].encode("utf-8", "replace").decode()


def _pointer(*names: Any, within: str = "/data") -> str:
    return within + "".join("/" + shown(name).replace("~", "~0").replace("/", "~1") for name in names)


class _Decoder:
    """Reads the bodies of one type for one verb. It holds the registry, so that its id stays its own."""

    def __init__(self, resource: type[Resource], registry: Registry, verb: Verb) -> None:
        self.registry = registry
        self.type = resource.shape.type
        self.creates = verb == "create"
        flag = CREATE if self.creates else UPDATE
        self.members: dict[str, _Member] = {}
        for name, one in resource.shape.fields.items():
            if one.can(flag):
                self.members[name] = _Member(
                    name,
                    check_of(name, one),
                    one.stored,
                    False,
                    one.required,
                    one.prohibited,
                    None if one.constant else one.default,
                )
        for name, acting in resource.shape.triggers.items():
            if acting.can(flag):
                check = check_of(name, Field(acting.kind))  # type: ignore[arg-type]
                self.members[name] = _Member(name, check, False, True, False, acting.prohibited, None)
        shape = resource.shape
        self.relationships: dict[str, Relationship] = {
            name: one
            for name, one in {**shape.relationships, **shape.empty}.items()
            if one.can(flag) and not one.hidden
        }
        self.empty = frozenset(shape.empty)
        demanded = resource.shape.demanded if self.creates else ()
        self.required = [self.members[name] for name in demanded if name in self.members]
        self.required_links = [self.relationships[name] for name in demanded if name in self.relationships]
        self.unserved = {name: _unserved(one, shape, registry) for name, one in self.relationships.items()}
        self.accepted = {
            name: _accepted(one, registry, self.unserved[name]) for name, one in self.relationships.items()
        }

    def decode(self, body: bytes, record_id: str | None, prohibited: bool) -> Decoded:
        try:
            read = strict.read(body)
        except strict.NotJson as error:
            if not body.strip():
                raise RequestProblems([_missing("data", "/data")]) from None
            raise RequestProblems([problem("BAD_REQUEST", detail=str(error), pointer="")]) from None
        data, attributes, relationships = self.shape(read.value, record_id)
        links, many, pointers, absent = self.names(read.value, data, attributes, relationships)
        if prohibited:
            self.permit(attributes, relationships, links)

        change = Change(self.type)
        decoded = Decoded(change, links, many, pointers)
        values, arguments, problems = change.values, change.arguments, decoded.problems
        members = self.members
        for name, value in attributes.items():
            member = members.get(name)
            if member is None:  # a relationship that may be nulled as an attribute
                continue
            if value is None:
                if member.acts:
                    continue
                if member.required and (member.default is None or not self.creates):
                    problems.append(_broken(name, "blank"))
                    continue
                value = member.default
                if type(value) is dict or type(value) is list:
                    value = value.copy()
            else:
                if read.suspect:
                    found = _unfit(name, value, read.escaped)
                    if found is not None:
                        problems.append(found)
                        continue
                value = member.check(value)
                if type(value) is Broken:
                    problems.append(_broken(name, value.error, value.meta))
                    continue
                if member.acts and value is False:
                    continue
            if member.kept:
                values[name] = value
            else:
                arguments[name] = value
        for member in self.required:
            if member.name not in attributes:
                problems.append(_broken(member.name, "blank"))
        if relationships or self.required_links:
            self.check_links(links, many, pointers, problems, read.escaped)
            problems.extend(one for one in map(_must_exist, absent) if one not in problems)
        return decoded

    def shape(self, value: Any, record_id: str | None) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """`data`, its attributes and its relationships.

        raises   RequestProblems for a document that is not of the form of a resource of this type
        """
        if type(value) is not dict or "data" not in value:
            raise RequestProblems([_missing("data", "/data")])
        data = value["data"]
        if type(data) is not dict:
            raise RequestProblems([problem("INVALID_DATA_FORMAT", pointer="/data")])
        problems: list[ApiError] = []
        said = data.get("type")
        if said is None:
            problems.append(_missing("type", "/data/type"))
        elif said != self.type:
            problems.append(_not_a_resource(said, "/data/type"))
        if not self.creates and record_id is not None:
            key = data.get("id")
            if key is None:
                problems.append(problem("KEY_ORDER_MISMATCH", pointer="/data/id"))
            elif key != record_id:
                detail = f"The URL does not support the key {shown(key)}"
                problems.append(problem("KEY_NOT_INCLUDED_IN_URL", detail=detail, pointer="/data/id"))
        attributes, relationships = data.get("attributes"), data.get("relationships")
        if attributes is not None and type(attributes) is not dict:
            detail = "Invalid data format: attributes must be an object."
            problems.append(problem("INVALID_DATA_FORMAT", detail=detail, pointer="/data/attributes"))
        if relationships is not None and type(relationships) is not dict:
            detail = "Invalid data format: relationships must be an object."
            problems.append(problem("INVALID_DATA_FORMAT", detail=detail, pointer="/data/relationships"))
        if problems:
            raise RequestProblems(problems)
        return data, attributes or {}, relationships or {}

    def names(
        self, value: dict[str, Any], data: dict[str, Any], attributes: dict[str, Any], relationships: dict[str, Any]
    ) -> tuple[dict[str, Reference | None], dict[str, list[Reference]], dict[str, str], list[str]]:
        """What the relationships name, to-ones and to-manys, and which of them name a record of a type that has none.
        Every name and every type has to be one that this verb takes.

        raises   RequestProblems
        """
        problems = _Problems()
        links: dict[str, Reference | None] = {}
        many: dict[str, list[Reference]] = {}
        pointers: dict[str, str] = {}
        absent: list[str] = []
        if not value.keys() <= _DOCUMENT_MEMBERS:
            for name in value:
                if name not in _DOCUMENT_MEMBERS:
                    problems.append(_not_allowed(_pointer(name, within=""), name))
        if not data.keys() <= _DATA_MEMBERS:
            for name in data:
                if name not in _DATA_MEMBERS:
                    problems.append(_not_allowed(_pointer(name), name))
        if self.creates and data.get("id") is not None:
            problems.append(_not_allowed("/data/id", "id"))
        if not attributes.keys() <= self.members.keys():
            for name in attributes:
                if name in self.members:
                    continue
                relationship = self.relationships.get(name)
                if relationship is not None and relationship.null_attribute and attributes[name] is None:
                    links[name] = None
                    pointers[name] = f"/data/attributes/{name}"
                else:
                    problems.append(_not_allowed(_pointer("attributes", name), name))
        for name, given in relationships.items():
            relationship = self.relationships.get(name)
            if relationship is None:
                problems.append(_not_allowed(_pointer("relationships", name), name))
                continue
            references = self.references(name, given)
            if isinstance(references, ApiError):
                problems.append(references)
                continue
            if any(kind in self.unserved[name] for kind, _ in references):
                absent.append(name)
            elif name in self.empty:
                continue
            elif relationship.many:
                # A record named twice is related once.
                many[name] = list(dict.fromkeys(references))
            else:
                links[name] = references[0] if references else None
                pointers.pop(name, None)
        if problems:
            raise RequestProblems(problems, names=True)
        return links, many, pointers, absent

    def references(self, name: str, given: Any) -> list[Reference] | ApiError:
        """The types and ids in a relationship object, a to-one's as well."""
        many = self.relationships[name].many
        linkage: Any = given["data"] if type(given) is dict and "data" in given else _NOTHING
        if linkage is _NOTHING or (many and type(linkage) is not list):
            return problem("INVALID_LINKS_OBJECT", pointer=f"/data/relationships/{name}")
        found: list[Reference] = []
        for one in linkage if many else () if linkage is None else (linkage,):
            if self.names_nothing(name, one):
                continue
            reference = self.reference(name, one)
            if isinstance(reference, ApiError):
                return reference
            found.append(reference)
        return found

    def names_nothing(self, name: str, given: Any) -> bool:
        """It is an identifier whose id is null: applications clear a to-one by such, and a to-many by a list of it."""
        if type(given) is not dict or given.get("id", _NOTHING) is not None:
            return False
        return type(given.get("type")) is str and self.accepted[name](given["type"]) is not None

    def reference(self, name: str, given: Any) -> Reference | ApiError:
        """The type and id of a resource identifier object."""
        if type(given) is dict:
            type_, key = given.get("type"), given.get("id")
            if type(type_) is str and type(key) is str and key:
                accepted = self.accepted[name](type_)
                if accepted is not None:
                    return accepted, key
                detail = f"{shown(type_)} is not a valid type for this operation."
                return problem("TYPE_MISMATCH", detail=detail, pointer=f"/data/relationships/{name}")
        return problem("INVALID_LINKS_OBJECT", pointer=f"/data/relationships/{name}")

    def permit(
        self, attributes: dict[str, Any], relationships: dict[str, Any], links: dict[str, Reference | None]
    ) -> None:
        """Refuse what a sales channel may not write, whatever value it gives.

        raises   Denied
        """
        for name in attributes:
            member = self.members.get(name)
            if member is not None and member.prohibited:
                raise Denied(name)
        for name in [*relationships, *links]:
            if self.relationships[name].prohibited:
                raise Denied(name)

    def check_links(
        self,
        links: dict[str, Reference | None],
        many: dict[str, list[Reference]],
        pointers: dict[str, str],
        problems: list[ApiError],
        escaped: bool,
    ) -> None:
        """Required relationships are given and not null; an id that no record can have names no record, and is not
        looked for.
        """
        for relationship in self.required_links:
            if relationship.name not in links and not many.get(relationship.name):
                problems.append(_must_exist(relationship.name))
        for name, link in list(links.items()):
            if link is None:
                if self.relationships[name].required:
                    problems.append(_must_exist(name, pointers.get(name)))
            elif len(link[1]) > _MAXIMUM_ID or (escaped and not strict.storable(link[1])):
                problems.append(_must_exist(name))
                del links[name]
        for name, references in many.items():
            if any(len(key) > _MAXIMUM_ID or (escaped and not strict.storable(key)) for _, key in references):
                problems.append(_must_exist(name))


_DECODERS: dict[tuple[int, type[Resource], str], _Decoder] = {}
_NOTHING = object()
_DOCUMENT_MEMBERS = {"data", "jsonapi", "links", "meta"}
_DATA_MEMBERS = {"type", "id", "attributes", "relationships", "links", "meta"}


def _accepted(relationship: Relationship, registry: Registry, unserved: frozenset[str]) -> Callable[[str], str | None]:
    """Which type a relationship understands by the type that a client names: a member of a family is also known as one
    of the family, by the same id, whether it is served by itself or not.
    """
    types = {one: one for one in (*relationship.types, *unserved)}
    for family in (*relationship.types, *unserved):
        for member in (*registry.members(family), *members_of(family)):
            types.setdefault(member, family)
    return types.get


def _unserved(relationship: Relationship, shape: Shape, registry: Registry) -> frozenset[str]:
    """The types that a relationship may hold and of which there is no record."""
    known = registry.contract.get(shape.type)
    types = known.relationships[relationship.name].types if known and relationship.name in known.relationships else ()
    return frozenset(one for one in types if one in registry.known)


def _broken(name: str, error: str, meta: dict[str, Any] | None = None) -> ApiError:
    return validation(name, error, pointer=f"/data/attributes/{name}", meta=meta)


def _must_exist(name: str, pointer: str | None = None) -> ApiError:
    return validation(name, "blank", message_of("required", {}), pointer=pointer or f"/data/relationships/{name}")


def _unfit(name: str, value: Any, escaped: bool) -> ApiError | None:
    """Why an attribute cannot be kept whatever its kind: characters no database keeps, or card data."""
    if escaped and not strict.storable(value):
        return _broken(name, "invalid")
    if holds_card(value, name):
        return _broken(name, "card_number")
    return None


def _missing(name: str, pointer: str) -> ApiError:
    return problem("PARAM_MISSING", detail=f"The required parameter, {name}, is missing.", pointer=pointer)


def _not_a_resource(name: Any, pointer: str) -> ApiError:
    return problem("INVALID_RESOURCE", detail=f"{shown(name)} is not a valid resource.", pointer=pointer)


def _not_allowed(pointer: str, name: str) -> ApiError:
    return problem("PARAM_NOT_ALLOWED", detail=f"{shown(name)} is not allowed.", pointer=pointer)
