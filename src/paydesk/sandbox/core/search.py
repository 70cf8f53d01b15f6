"""Search: a subset of Stripe's query language, over an index that lags by about a minute.

`field:'value'`, `-field:'value'`, numbers with `>`, `<`, `>=`, `<=`, `metadata['key']:'value'`, joined by AND or by OR,
not mixed. Source: Stripe, "Search"; stripe.md §1.5.
"""

import re
from typing import Any

import orjson

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.core.lists import limit_of

FIELDS = {
    "payment_intent": {"amount": int, "created": int, "currency": str, "customer": str, "status": str},
    "charge": {
        "amount": int,
        "created": int,
        "currency": str,
        "customer": str,
        "status": str,
        "disputed": str,
        "refunded": str,
    },
    "customer": {"created": int, "email": str, "name": str, "phone": str},
}

_CLAUSE = re.compile(
    r"""\s*(?P<negated>-)?(?:metadata\[(?P<quote>['"])(?P<key>[^'"]+)(?P=quote)\]|(?P<field>[a-z_]+))"""
    r"""\s*(?P<operator>:|~|>=|<=|>|<)\s*(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s'"]+))\s*"""
)
_JOIN = re.compile(r"(AND|OR)\b|", re.IGNORECASE)


def search_page(call: Call, kind: str, url: str) -> bytes:
    """One page of the objects that a query matches, newest first, as JSON."""
    params = call.params
    condition, values = _condition(kind, params["query"])
    limit = limit_of(call)
    where = ["account = ?", "kind = ?", "updated <= ?", f"({condition})"]
    bound: list[Any] = [call.account.n, kind, call.now - call.backend.search_lag, *values]
    if "page" in params:
        if not params["page"].isdigit():
            raise invalid("Invalid page token.", param="page")
        where.append("seq < ?")
        bound.append(int(params["page"]))
    rows = call.state.objects(f"{' and '.join(where)} order by seq desc limit {limit + 1}", tuple(bound))
    more = len(rows) > limit
    rows = rows[:limit]
    return orjson.dumps(
        {
            "object": "search_result",
            "data": [orjson.Fragment(row.body) for row in rows],
            "has_more": more,
            "next_page": str(rows[-1].seq) if more else None,
            "url": url,
        }
    )


def _condition(kind: str, query: str) -> tuple[str, list[Any]]:
    """A query as SQL."""
    clauses: list[str] = []
    values: list[Any] = []
    joins: set[str] = set()
    position = 0
    while position < len(query):
        match = _CLAUSE.match(query, position)
        if match is None:
            raise _refused(query)
        clauses.append(_clause(kind, match, values))
        position = match.end()
        join = _JOIN.match(query, position)
        if join is not None and join.group(1):
            joins.add(join.group(1).lower())
            position = join.end()
        elif position < len(query):
            joins.add("and")
    if not clauses or len(joins) > 1 or len(clauses) > 10:
        raise _refused(query)
    return f" {next(iter(joins), 'and')} ".join(clauses), values


def _clause(kind: str, match: re.Match[str], values: list[Any]) -> str:
    field, key, operator = match["field"], match["key"], match["operator"]
    text = next(group for group in (match["single"], match["double"], match["bare"]) if group is not None)
    text = re.sub(r"\\(.)", r"\1", text)
    value: Any = text
    if key is not None:
        path = f'$.metadata."{key}"'
        if operator not in (":", "~"):
            raise invalid("Metadata can only be searched with : or ~.", param="query")
    else:
        sort = FIELDS[kind].get(field)
        if sort is None:
            raise invalid(f"Field `{field}` is an unsupported search field for resource `{kind}s`.", param="query")
        path = f"$.{field}"
        if sort is int:
            if not re.fullmatch(r"[0-9]{1,18}", text):
                raise invalid(f"Invalid numeric value in the search query: {text}", param="query")
            value = int(text)
        elif operator not in (":", "~"):
            raise invalid(f"Field `{field}` can only be searched with : or ~.", param="query")
    if value in ("true", "false"):
        value = int(value == "true")
    values += [path, value]
    if operator == "~":
        sql = "instr(lower(json_extract(body, ?)), lower(?)) > 0"
    elif value == "null":
        values.pop()
        sql = "json_extract(body, ?) is null"
    else:
        sql = f"json_extract(body, ?) {'=' if operator == ':' else operator} ?"
    return f"not coalesce({sql}, 0)" if match["negated"] else sql


def _refused(query: str) -> StripeError:
    return invalid(
        f"We were unable to parse your search query: {query[:100]}. Please see "
        "https://docs.stripe.com/search#search-query-language for the search query language.",
        param="query",
    )
