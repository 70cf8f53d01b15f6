"""Which skus a regular expression of a shop matches by their code: rows of ours, by which a database finds them."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.patterns import matches
from paydesk.declare import Rule, Test, eq, to_one
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

MATCHERS = ("sku_lists", "sku_options")
"""The types that have a `sku_code_regex`."""

LONGEST_CODE = 1000
"""Of a longer code its beginning counts."""


class CodeMatch(
    Resource,
    type="code_matches",
    singular="code_match",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("matcher_id", "sku_id"),),
    indexes=(("sku_id",),),
):
    """One sku that `sku_code_regex` of one record matches."""

    recorded = False

    matcher = to_one(MATCHERS)
    sku = to_one("skus", constrained=False)


def is_match(pattern: str | None, code: str | None) -> bool:
    """Whether an expression is found in a sku's code; none is found in all."""
    return not pattern or matches(pattern, code or "", LONGEST_CODE)


def _is_used(work: Work) -> bool:
    """Whether the shop has, or had, any expression: one without pays no statement for them when it writes a sku."""
    organization = work.settings.get("organization")
    return organization is not None and organization.codes_matched_since is not None


def _note_use(work: Work) -> Rule:
    """Have the organization say that there are expressions. Other processes know within the seconds for which they keep
    it; this one knows at once, also where the change fails, which costs it a few statements.
    """
    if _is_used(work):
        return
    kept = work.settings.get("organization")
    organization = yield Find("organizations", eq("id", work.actor.organization_id))
    if organization is not None:
        work.change(organization, codes_matched_since=organization.codes_matched_since or work.now)
    if kept is not None:
        kept.codes_matched_since = work.now


def follow_pattern(matcher: Any, work: Work) -> Rule:
    """Bring the matches to what an expression, which is new or was changed, matches by now."""
    if matcher.sku_code_regex:
        yield from _note_use(work)
    known = [] if matcher in work.created else (yield Find(CodeMatch, eq("matcher_id", matcher.id), many=True))
    pattern = matcher.sku_code_regex
    skus = (yield Find("skus", Test("code", "not_null"), many=True)) if pattern else []
    wanted = [(matcher, sku) for sku in skus if is_match(pattern, sku.code)]
    _bring(known, wanted, work)


def follow_code(sku: Any, work: Work) -> Rule:
    """The same for a sku that is new or has another code."""
    if not _is_used(work):
        return
    known = [] if sku in work.created else (yield Find(CodeMatch, eq("sku_id", sku.id), many=True))
    wanted = []
    for kind in MATCHERS:
        matchers = yield Find(kind, Test("sku_code_regex", "not_null"), many=True)
        wanted += [(one, sku) for one in matchers if is_match(one.sku_code_regex, sku.code)]
    _bring(known, wanted, work)


def forget(record: Any, work: Work) -> Rule:
    """Delete the matches of a record that is to be deleted."""
    if not _is_used(work):
        return
    column = "sku_id" if record.shape.type == "skus" else "matcher_id"
    for one in (yield Find(CodeMatch, eq(column, record.id), many=True)):
        work.delete(one)


def _bring(known: list[CodeMatch], wanted: list[tuple[Any, Any]], work: Work) -> None:
    left = {(one.matcher_id, one.sku_id): one for one in known}
    for matcher, sku in wanted:
        if left.pop((matcher.id, sku.id), None) is None:
            kind = {"matcher_type": matcher.shape.type, "matcher_id": matcher.id}
            work.create(CodeMatch, **kind, sku_id=sku.id)
    for one in left.values():
        work.delete(one)
