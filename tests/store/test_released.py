"""A migration that was released is what it was, in the tree and in every database."""

from pathlib import Path

import pytest

from paydesk.store import migrate, released, schema
from tests.acts.schemas import differences, execute, on

LIST = Path(__file__).with_name("released.txt")

FIRST_TALLIES = """CREATE TABLE gateway_tallies (
    tenant TEXT NOT NULL, gateway_id TEXT NOT NULL, verified_at {instant}, foreign_events BIGINT NOT NULL,
    forged_events BIGINT NOT NULL, orphaned_events BIGINT NOT NULL, PRIMARY KEY (tenant, gateway_id))"""


def test_no_released_migration_was_edited() -> None:
    listed = dict(line.split() for line in LIST.read_text().splitlines())
    known = released.digests()
    assert {revision: known.get(revision) for revision in listed} == listed
    # What is not listed yet comes after all that is.
    assert sorted(known)[: len(listed)] == sorted(listed)


def test_line_ends_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    for file in (schema.MIGRATIONS / "versions").glob("[0-9]*.py"):
        (versions / file.name).write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(released, "MIGRATIONS", tmp_path)
    assert released.digests.__wrapped__() == released.digests()


def test_a_database_of_the_first_commit_is_healed(new_url: str) -> None:
    """It was told that it is at revision 0001, whose text has changed since."""
    migrate.upgrade(new_url, "0012")
    instant = "TEXT" if new_url.startswith("sqlite") else "TIMESTAMP WITH TIME ZONE"
    execute(
        new_url,
        "DROP TABLE gateway_tallies",
        FIRST_TALLIES.format(instant=instant),
        "INSERT INTO gateway_tallies VALUES ('o/test', 'g', NULL, 1, 2, 3)",
        "DROP INDEX ix_gateway_events_worked",
        "CREATE INDEX ix_prices_price_list_id ON prices (tenant, price_list_id)",
        "CREATE INDEX ix_customer_payment_sources_customer_id ON customer_payment_sources (tenant, customer_id)",
        "CREATE INDEX ix_stripe_payments_payment_gateway_id ON stripe_payments (tenant, payment_gateway_id)",
    )
    assert migrate.upgrade(new_url) == migrate.head()
    assert on(new_url, differences) == []
    assert execute(new_url, "SELECT * FROM gateway_tallies") == [("o/test", "g", None, 1, 2, 3, None, 0, 0, None, None)]
    assert dict(execute(new_url, "SELECT revision, digest FROM migrations")) == dict(released.digests())


def test_a_migration_edited_after_it_was_used_is_told(new_url: str) -> None:
    migrate.upgrade(new_url)
    execute(new_url, "UPDATE migrations SET digest = 'another' WHERE revision = '0004'")
    with pytest.raises(migrate.SchemaEdited, match="another text of 0004 than this version has"):
        migrate.upgrade(new_url)
