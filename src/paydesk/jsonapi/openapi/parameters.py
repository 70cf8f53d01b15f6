"""The parameters of operations: what is shown, pages, order and filters. Operations share them as components."""

from __future__ import annotations

from paydesk.declare import SORT, Field, Shape
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, TEXT, Json, ref
from paydesk.jsonapi.openapi.wording import words
from paydesk.jsonapi.query.predicates import predicates_of
from paydesk.rules.registry import Registry

_SHOWN_PREDICATES = {
    "string": "eq",
    "integer": "gteq",
    "float": "gteq",
    "boolean": "eq",
    "datetime": "gteq",
    "object": "jcont",
    "array": "null",
}
"""By kind of attribute, the predicate that has a parameter of its own; its description names the others."""


def shared_parameter(key: str) -> Json:
    return {"$ref": f"#/components/parameters/{key}"}


class Parameters:
    """The parameters of the operations on the types of a registry, gathered as operations ask for them."""

    def __init__(self, registry: Registry) -> None:
        self.components: Json = {}
        self._registry = registry

    def _shared(self, key: str, parameter: Json) -> Json:
        self.components[key] = parameter
        return shared_parameter(key)

    def id(self, shape: Shape) -> Json:
        parameter: Json = {
            "name": "id",
            "in": "path",
            "required": True,
            "description": f"The id of the {words(shape.singular)}.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
            "example": shape.fields["id"].example or ID_EXAMPLE,
        }
        return self._shared(f"{shape.type}.id", parameter)

    def shown(self, shape: Shape, *, include: bool = True) -> list[Json]:
        """`include` and `fields[...]`, which every answer with records takes."""
        parameters = self._include(shape) if include else []
        types = [shape.type]
        if include:
            for relationship in shape.relationships.values():
                if relationship.includable and not relationship.hidden:
                    types.extend(relationship.types)
        return [*parameters, *(self._fields(self._registry[name].shape) for name in dict.fromkeys(types))]

    def of_write(self, shape: Shape) -> list[Json]:
        """What the answer to a write shows. It takes the other parameters of a read too; here they stand in the way."""
        return [*self._include(shape), self._fields(shape)]

    def _include(self, shape: Shape) -> list[Json]:
        paths = self._includable(shape)
        if not paths:
            return []
        description = "Related records to include; intermediate levels come along."
        return [self._shared(f"{shape.type}.include", _list_of("include", paths, description))]

    def _fields(self, shape: Shape) -> Json:
        """A text, not a list of the names to choose from: there are up to 130, and the type's schema has them all."""
        names = [field.name for field in shape.fields.values() if field.fetch][:2]
        parameter: Json = {
            "name": f"fields[{shape.type}]",
            "in": "query",
            "description": f"The only attributes and relationships of {words(shape.type)} to show, by commas.",
            "schema": {"type": "string"},
            "example": ",".join(names),
        }
        return self._shared(f"{shape.type}.fields", parameter)

    def _includable(self, shape: Shape, depth: int = 2) -> list[str]:
        """Paths that `include` takes, down to two levels; a third is accepted and would only make the list long."""
        paths: list[str] = []
        for name, relationship in shape.relationships.items():
            if not relationship.includable or relationship.hidden:
                continue
            paths.append(name)
            if depth > 1:
                deeper = [self._includable(self._registry[target].shape, depth - 1) for target in relationship.types]
                paths.extend(f"{name}.{inner}" for inner in dict.fromkeys(path for each in deeper for path in each))
        return paths

    def of_list(self, shape: Shape) -> list[Json]:
        """Pages, order and filters."""
        parameters = [shared_parameter(name) for name in ("page_number", "page_size", "prefer")]
        sortable = sortable_names(shape)
        if sortable:
            both_ways = [criterion for name in sortable for criterion in (name, f"-{name}")]
            description = "The order; `-` descends. Newest first without it."
            parameters.append(self._shared(f"{shape.type}.sort", _list_of("sort", both_ways, description)))
        for name, field in filterable_fields(shape).items():
            predicate = _SHOWN_PREDICATES[field.kind]
            others = ", ".join(f"`_{other}`" for other in predicates_of(field.kind) if other != predicate)
            description = f"Compares `{name}`. In place of `_{predicate}` also {others}."
            parameters.append(self._filter(shape, f"{name}_{predicate}", _filter_schema(field, predicate), description))
        for name in shape.scopes:
            more: Json = {"enum": ["true", "false"]} if _is_switch(shape, name) else {"pattern": TEXT}
            parameters.append(self._filter(shape, name, {"type": "string", **more}, ""))
        return parameters

    def _filter(self, shape: Shape, name: str, schema: Json, description: str) -> Json:
        parameter: Json = {"name": f"filter[q][{name}]", "in": "query", "schema": schema}
        if description:
            parameter["description"] = description
        return self._shared(f"{shape.type}.filter.{name}", parameter)

    def of_history(self, shape: Shape) -> list[Json]:
        """Pages by cursor."""
        return [shared_parameter("page_size"), shared_parameter("page_after"), *self.shown(shape, include=False)]


def filterable_fields(shape: Shape) -> dict[str, Field]:
    """The attributes that filters may name."""
    return {name: field for name, field in shape.fields.items() if field.found_by}


def sortable_names(shape: Shape) -> list[str]:
    """The attributes and relationships that `sort` may name."""
    names = [name for name, field in shape.fields.items() if field.can(SORT) and (field.stored or field.constant)]
    return names + [
        name for name, one in shape.relationships.items() if one.can(SORT) and one.stored and not one.hidden
    ]


def _is_switch(shape: Shape, name: str) -> bool:
    """Whether a scope is on or off, and takes no value."""
    value = getattr(shape.scopes[name], "value", True)
    operator = getattr(shape.scopes[name], "operator", "")
    return value is not None or operator in ("null", "not_null", "never")


def _filter_schema(field: Field, predicate: str) -> Json:
    if predicate == "null" or field.kind == "boolean":
        return {"type": "string", "enum": ["true", "false", "1", "0"]}
    if predicate == "jcont":
        return {"type": "string", "enum": ["{}", '{"foo":"bar"}'], "examples": ['{"foo":"bar"}']}
    if field.kind == "integer":
        return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
    if field.kind == "float":
        return {"type": "number", "minimum": -1e15, "maximum": 1e15}
    if field.kind == "datetime":
        return ref("instant_input")
    return {"type": "string", "maxLength": 1000, "pattern": TEXT}


def _list_of(name: str, values: list[str], description: str) -> Json:
    """A parameter that takes a comma list of these values."""
    return {
        "name": name,
        "in": "query",
        "description": description,
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": values}},
    }
