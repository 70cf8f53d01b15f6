"""everything of the first release."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest"),
    )
    op.create_index("ix_access_tokens_grant_id", "access_tokens", ["tenant", "grant_id"], unique=False)
    op.create_index("ix_access_tokens_until", "access_tokens", ["until"], unique=False)
    op.create_table(
        "addresses",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("line_1", sa.Text(), nullable=True),
        sa.Column("line_2", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("zip_code", sa.Text(), nullable=True),
        sa.Column("state_code", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lng", sa.Double(), nullable=True),
        sa.Column("billing_info", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_addresses_created_at_id", "addresses", ["tenant", "created_at", "id"], unique=False)
    op.create_table(
        "applications",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("public_access", sa.Boolean(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("uid", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.Column("lifetime_seconds", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_applications_created_at_id", "applications", ["tenant", "created_at", "id"], unique=False)
    op.create_index("uq_applications_uid", "applications", ["uid"], unique=True)
    op.create_table(
        "authorization_codes",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"], unique=False)
    op.create_table(
        "customers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("total_orders_count", sa.BigInteger(), nullable=True),
        sa.Column("shopper_reference", sa.Text(), nullable=True),
        sa.Column("profile_id", sa.Text(), nullable=True),
        sa.Column("tax_exemption_code", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_customers_created_at_id", "customers", ["tenant", "created_at", "id"], unique=False)
    op.create_index("uq_customers_email_key", "customers", ["tenant", "email_key"], unique=True)
    op.create_table(
        "disputes",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_type", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("dispute_id", sa.Text(), nullable=True),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("due_by", Instant(), nullable=True),
        sa.Column("withdrawn_cents", sa.BigInteger(), nullable=True),
        sa.Column("reinstated_cents", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_disputes_created_at_id", "disputes", ["tenant", "created_at", "id"], unique=False)
    op.create_index(
        "uq_disputes_payment_id_dispute_id", "disputes", ["tenant", "payment_id", "dispute_id"], unique=True
    )
    op.create_table(
        "gateway_calls",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("ask", Document(), nullable=False),
        sa.Column("parameters", Document(), nullable=False),
        sa.Column("who", Document(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", Document(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease_holder", sa.Text(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "ix_gateway_calls_due",
        "gateway_calls",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_gateway_calls_attempt", "gateway_calls", ["tenant", "kind", "subject_id", "attempt"], unique=True
    )
    op.create_index(
        "uq_gateway_calls_open",
        "gateway_calls",
        ["tenant", "lane", "subject_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "gateway_cursors",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("reached_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "gateway_id"),
    )
    op.create_table(
        "gateway_events",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("worked_at", Instant(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "gateway_id", "event_id"),
    )
    op.create_index(
        "ix_gateway_events_due",
        "gateway_events",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("worked_at IS NULL"),
        postgresql_where=sa.text("worked_at IS NULL"),
    )
    op.create_index("ix_gateway_events_payment", "gateway_events", ["tenant", "payment_id"], unique=False)
    op.create_index(
        "ix_gateway_events_worked",
        "gateway_events",
        ["worked_at"],
        unique=False,
        sqlite_where=sa.text("worked_at IS NOT NULL"),
        postgresql_where=sa.text("worked_at IS NOT NULL"),
    )
    op.create_table(
        "gateway_tallies",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("foreign_events", sa.BigInteger(), nullable=False),
        sa.Column("forged_events", sa.BigInteger(), nullable=False),
        sa.Column("orphaned_events", sa.BigInteger(), nullable=False),
        sa.Column("forged_at", Instant(), nullable=True),
        sa.Column("forged_since", sa.BigInteger(), nullable=False),
        sa.Column("foreign_since", sa.BigInteger(), nullable=False),
        sa.Column("unheard_since", Instant(), nullable=True),
        sa.Column("tested_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "gateway_id"),
    )
    op.create_table(
        "grants",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=True),
        sa.Column("owner_type", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("custom_claim", Document(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_grants_expires_at", "grants", ["expires_at"], unique=False)
    op.create_table(
        "holders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", Document(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "application_id", "owner_id", "key"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "installation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "organizations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("support_phone", sa.Text(), nullable=True),
        sa.Column("support_email", sa.Text(), nullable=True),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("favicon_url", sa.Text(), nullable=True),
        sa.Column("primary_color", sa.Text(), nullable=True),
        sa.Column("gtm_id", sa.Text(), nullable=True),
        sa.Column("gtm_id_test", sa.Text(), nullable=True),
        sa.Column("config", Document(), nullable=True),
        sa.Column("addresses_avs_check", sa.Boolean(), nullable=False),
        sa.Column("addresses_phone_required", sa.Boolean(), nullable=False),
        sa.Column("orders_min_refresh_lapse", sa.Double(), nullable=True),
        sa.Column("orders_autorefresh_cutoff_test", sa.BigInteger(), nullable=True),
        sa.Column("orders_autorefresh_cutoff_live", sa.BigInteger(), nullable=True),
        sa.Column("orders_number_editable_test", sa.Boolean(), nullable=False),
        sa.Column("orders_number_editable_live", sa.Boolean(), nullable=False),
        sa.Column("orders_number_as_reference", sa.Boolean(), nullable=False),
        sa.Column("orders_invalid_coupon_errors", sa.Boolean(), nullable=False),
        sa.Column("orders_invalid_gift_card_errors", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_organizations_created_at_id", "organizations", ["tenant", "created_at", "id"], unique=False)
    op.create_index("uq_organizations_slug", "organizations", ["slug"], unique=True)
    op.create_table(
        "payment_gateways",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("force_payments", sa.Boolean(), nullable=True),
        sa.Column("sealed_former_secret", sa.Text(), nullable=True),
        sa.Column("former_secret_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("publishable_key", sa.Text(), nullable=True),
        sa.Column("connected_account", sa.Text(), nullable=True),
        sa.Column("auto_payments", sa.Boolean(), nullable=True),
        sa.Column("webhook_endpoint_id", sa.Text(), nullable=True),
        sa.Column("webhook_endpoint_url", sa.Text(), nullable=True),
        sa.Column("sealed_webhook_secret", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "ix_payment_gateways_created_at_id", "payment_gateways", ["tenant", "created_at", "id"], unique=False
    )
    op.create_table(
        "price_lists",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_price_lists_created_at_id", "price_lists", ["tenant", "created_at", "id"], unique=False)
    op.create_index("uq_price_lists_code", "price_lists", ["tenant", "code"], unique=True)
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("successor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"], unique=False)
    op.create_table(
        "resource_errors",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_resource_errors_created_at_id", "resource_errors", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_resource_errors_resource_id", "resource_errors", ["tenant", "resource_id"], unique=False)
    op.create_table(
        "revocations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest"),
    )
    op.create_index("ix_revocations_revoked_at", "revocations", ["revoked_at"], unique=False)
    op.create_index("ix_revocations_until", "revocations", ["until"], unique=False)
    op.create_table(
        "sequences",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("private_key", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index("uq_signing_keys_serial", "signing_keys", ["serial"], unique=True)
    op.create_table(
        "skus",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("pieces_per_pack", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("unit_of_weight", sa.Text(), nullable=True),
        sa.Column("hs_tariff_number", sa.Text(), nullable=True),
        sa.Column("do_not_ship", sa.Boolean(), nullable=False),
        sa.Column("do_not_track", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_skus_created_at_id", "skus", ["tenant", "created_at", "id"], unique=False)
    op.create_index("uq_skus_code", "skus", ["tenant", "code"], unique=True)
    op.create_table(
        "turns",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "users",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("uq_users_email_key", "users", ["tenant", "email_key"], unique=True)
    op.create_table(
        "versions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("who", Document(), nullable=True),
        sa.Column("changes", Document(), nullable=True),
        sa.Column("ms", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("uuid", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_versions_created_at_id", "versions", ["tenant", "created_at", "id"], unique=False)
    op.create_index(
        "ix_versions_resource_id_resource_type", "versions", ["tenant", "resource_id", "resource_type"], unique=False
    )
    op.create_index("uq_versions_ms_sequence", "versions", ["tenant", "ms", "sequence"], unique=True)
    op.create_table(
        "merchants",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "address_id"], ["addresses.tenant", "addresses.id"], name="fk_merchants_address"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_merchants_address_id", "merchants", ["tenant", "address_id"], unique=False)
    op.create_index("ix_merchants_created_at_id", "merchants", ["tenant", "created_at", "id"], unique=False)
    op.create_table(
        "prices",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("price_list_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("compare_at_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("processed_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "price_list_id"], ["price_lists.tenant", "price_lists.id"], name="fk_prices_price_list"
        ),
        sa.ForeignKeyConstraint(["tenant", "sku_id"], ["skus.tenant", "skus.id"], name="fk_prices_sku"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_prices_created_at_id", "prices", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_prices_sku_id", "prices", ["tenant", "sku_id"], unique=False)
    op.create_index("uq_prices_price_list_id_sku_id", "prices", ["tenant", "price_list_id", "sku_id"], unique=True)
    op.create_table(
        "markets",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=True),
        sa.Column("price_list_id", sa.Text(), nullable=True),
        sa.Column("default_payment_method_id", sa.Text(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("facebook_pixel_id", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("external_prices_url", sa.Text(), nullable=True),
        sa.Column("external_order_validation_url", sa.Text(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("shipping_cost_cutoff", sa.BigInteger(), nullable=True),
        sa.Column("shared_secret", sa.Text(), nullable=True),
        sa.Column("external_includes", Document(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "merchant_id"], ["merchants.tenant", "merchants.id"], name="fk_markets_merchant"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "price_list_id"], ["price_lists.tenant", "price_lists.id"], name="fk_markets_price_list"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_markets_created_at_id", "markets", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_markets_price_list_id", "markets", ["tenant", "price_list_id"], unique=False)
    op.create_index("uq_markets_code", "markets", ["tenant", "code"], unique=True)
    op.create_index("uq_markets_number", "markets", ["tenant", "number"], unique=True)
    op.create_table(
        "payment_methods",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("payment_gateway_id", sa.Text(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("payment_source_type", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("moto", sa.Boolean(), nullable=False),
        sa.Column("require_capture", sa.Boolean(), nullable=False),
        sa.Column("auto_place", sa.Boolean(), nullable=False),
        sa.Column("auto_capture", sa.Boolean(), nullable=False),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("auto_capture_max_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_payment_methods_market"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_gateway_id"],
            ["payment_gateways.tenant", "payment_gateways.id"],
            name="fk_payment_methods_payment_gateway",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_payment_methods_created_at_id", "payment_methods", ["tenant", "created_at", "id"], unique=False)
    op.create_index(
        "ix_payment_methods_payment_gateway_id", "payment_methods", ["tenant", "payment_gateway_id"], unique=False
    )
    op.create_table(
        "gateway_customers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("payment_gateway_id", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.id"], name="fk_gateway_customers_customer"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_gateway_id"],
            ["payment_gateways.tenant", "payment_gateways.id"],
            name="fk_gateway_customers_payment_gateway",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "ix_gateway_customers_created_at_id", "gateway_customers", ["tenant", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_gateway_customers_customer_id_payment_gateway_id",
        "gateway_customers",
        ["tenant", "customer_id", "payment_gateway_id"],
        unique=True,
    )
    op.create_index(
        "uq_gateway_customers_payment_gateway_id_token",
        "gateway_customers",
        ["tenant", "payment_gateway_id", "token"],
        unique=True,
    )
    op.create_table(
        "customer_payment_sources",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("payment_method_id", sa.Text(), nullable=True),
        sa.Column("payment_source_type", sa.Text(), nullable=True),
        sa.Column("payment_source_id", sa.Text(), nullable=True),
        sa.Column("payment_gateway_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("customer_token", sa.Text(), nullable=True),
        sa.Column("payment_source_token", sa.Text(), nullable=True),
        sa.Column("instrument", Document(), nullable=True),
        sa.Column("method", Document(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.id"], name="fk_customer_payment_sources_customer"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_gateway_id"],
            ["payment_gateways.tenant", "payment_gateways.id"],
            name="fk_customer_payment_sources_payment_gateway",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_method_id"],
            ["payment_methods.tenant", "payment_methods.id"],
            name="fk_customer_payment_sources_payment_method",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "ix_customer_payment_sources_created_at_id",
        "customer_payment_sources",
        ["tenant", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_customer_payment_sources_customer_id_payment_gateway_id_fing",
        "customer_payment_sources",
        ["tenant", "customer_id", "payment_gateway_id", "fingerprint"],
        unique=True,
    )
    op.create_index(
        "uq_customer_payment_sources_payment_gateway_id_payment_source_t",
        "customer_payment_sources",
        ["tenant", "payment_gateway_id", "payment_source_token"],
        unique=True,
    )
    op.create_table(
        "orders",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("shipping_address_id", sa.Text(), nullable=True),
        sa.Column("billing_address_id", sa.Text(), nullable=True),
        sa.Column("payment_method_id", sa.Text(), nullable=True),
        sa.Column("payment_source_type", sa.Text(), nullable=True),
        sa.Column("payment_source_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("affiliate_code", sa.Text(), nullable=True),
        sa.Column("autorefresh", sa.Boolean(), nullable=False),
        sa.Column("place_async", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("payment_status", sa.Text(), nullable=True),
        sa.Column("fulfillment_status", sa.Text(), nullable=True),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("customer_email", sa.Text(), nullable=True),
        sa.Column("customer_type", sa.Text(), nullable=True),
        sa.Column("language_code", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=True),
        sa.Column("freight_taxable", sa.Boolean(), nullable=False),
        sa.Column("payment_method_taxable", sa.Boolean(), nullable=False),
        sa.Column("adjustment_taxable", sa.Boolean(), nullable=False),
        sa.Column("gift_card_taxable", sa.Boolean(), nullable=False),
        sa.Column("country_code", sa.Text(), nullable=True),
        sa.Column("shipping_country_code_lock", sa.Text(), nullable=True),
        sa.Column("subtotal_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("shipping_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("payment_method_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("discount_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("adjustment_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("gift_card_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("subtotal_tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("shipping_tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("payment_method_tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("adjustment_tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_taxable_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("subtotal_taxable_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("shipping_taxable_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("payment_method_taxable_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("adjustment_taxable_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_amount_with_taxes_cents", sa.BigInteger(), nullable=True),
        sa.Column("fees_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("duty_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("place_total_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("skus_count", sa.BigInteger(), nullable=True),
        sa.Column("errors_count", sa.BigInteger(), nullable=True),
        sa.Column("payment_source_details", Document(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("cart_url", sa.Text(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("terms_url", sa.Text(), nullable=True),
        sa.Column("privacy_url", sa.Text(), nullable=True),
        sa.Column("placed_at", Instant(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("payment_updated_at", Instant(), nullable=True),
        sa.Column("fulfillment_updated_at", Instant(), nullable=True),
        sa.Column("refreshed_at", Instant(), nullable=True),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("expiration_info", Document(), nullable=True),
        sa.Column("payable_in", sa.Text(), nullable=True),
        sa.Column("transactions_count", sa.BigInteger(), nullable=True),
        sa.Column("authorized_cents", sa.BigInteger(), nullable=True),
        sa.Column("captured_cents", sa.BigInteger(), nullable=True),
        sa.Column("voided_cents", sa.BigInteger(), nullable=True),
        sa.Column("refunded_cents", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "billing_address_id"], ["addresses.tenant", "addresses.id"], name="fk_orders_billing_address"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.id"], name="fk_orders_customer"
        ),
        sa.ForeignKeyConstraint(["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_orders_market"),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_method_id"],
            ["payment_methods.tenant", "payment_methods.id"],
            name="fk_orders_payment_method",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_address_id"], ["addresses.tenant", "addresses.id"], name="fk_orders_shipping_address"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_orders_billing_address_id", "orders", ["tenant", "billing_address_id"], unique=False)
    op.create_index("ix_orders_created_at_id", "orders", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_orders_customer_email", "orders", ["tenant", "customer_email"], unique=False)
    op.create_index("ix_orders_customer_id", "orders", ["tenant", "customer_id"], unique=False)
    op.create_index(
        "ix_orders_expiring",
        "orders",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("expires_at IS NOT NULL AND placed_at IS NULL AND cancelled_at IS NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL AND placed_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_index(
        "ix_orders_nobodys",
        "orders",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("status = 'draft' AND customer_id IS NULL"),
        postgresql_where=sa.text("status = 'draft' AND customer_id IS NULL"),
    )
    op.create_index("ix_orders_shipping_address_id", "orders", ["tenant", "shipping_address_id"], unique=False)
    op.create_index("ix_orders_token", "orders", ["tenant", "token"], unique=False)
    op.create_index("uq_orders_number", "orders", ["tenant", "number"], unique=True)
    op.create_table(
        "line_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("item_type", sa.Text(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("unit_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("compare_at_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("options_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("discount_cents", sa.BigInteger(), nullable=True),
        sa.Column("total_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("tax_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("frequency", sa.Text(), nullable=True),
        sa.Column("_external_price", sa.Boolean(), nullable=False),
        sa.Column("price_fixed", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_line_items_order"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_line_items_created_at_id", "line_items", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_line_items_order_id", "line_items", ["tenant", "order_id"], unique=False)
    op.create_table(
        "stripe_payments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("payment_gateway_id", sa.Text(), nullable=True),
        sa.Column("wallet_entry_id", sa.Text(), nullable=True),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column("client_secret", sa.Text(), nullable=True),
        sa.Column("connected_account", sa.Text(), nullable=True),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("publishable_key", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("transfer_group", sa.Text(), nullable=True),
        sa.Column("options", Document(), nullable=True),
        sa.Column("payment_method", Document(), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("receipt_email", sa.Text(), nullable=True),
        sa.Column("payment_instrument", Document(), nullable=True),
        sa.Column("intended_cents", sa.BigInteger(), nullable=True),
        sa.Column("intended_currency", sa.Text(), nullable=True),
        sa.Column("gateway_status", sa.Text(), nullable=True),
        sa.Column("method_id", sa.Text(), nullable=True),
        sa.Column("capture_before", Instant(), nullable=True),
        sa.Column("news_at", Instant(), nullable=True),
        sa.Column("look_at", Instant(), nullable=True),
        sa.Column("overdue_since", Instant(), nullable=True),
        sa.Column("usage", sa.Text(), nullable=True),
        sa.Column("saving", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_stripe_payments_order"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_gateway_id"],
            ["payment_gateways.tenant", "payment_gateways.id"],
            name="fk_stripe_payments_payment_gateway",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_stripe_payments_created_at_id", "stripe_payments", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_stripe_payments_order_id", "stripe_payments", ["tenant", "order_id"], unique=False)
    op.create_index("ix_stripe_payments_stripe_id", "stripe_payments", ["tenant", "stripe_id"], unique=False)
    op.create_index(
        "uq_stripe_payments_payment_gateway_id_stripe_id",
        "stripe_payments",
        ["tenant", "payment_gateway_id", "stripe_id"],
        unique=True,
    )
    op.create_index(
        "ix_stripe_payments_look_at",
        "stripe_payments",
        ["look_at"],
        unique=False,
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_stripe_payments_overdue_since",
        "stripe_payments",
        ["overdue_since"],
        unique=False,
        sqlite_where=sa.text("overdue_since IS NOT NULL"),
        postgresql_where=sa.text("overdue_since IS NOT NULL"),
    )
    op.create_table(
        "transactions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("payment_source_type", sa.Text(), nullable=True),
        sa.Column("payment_source_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("payment_method_type", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("gateway_transaction_id", sa.Text(), nullable=True),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("excluded", sa.Boolean(), nullable=True),
        sa.Column("forwarded", sa.Boolean(), nullable=True),
        sa.Column("cvv_code", sa.Text(), nullable=True),
        sa.Column("cvv_message", sa.Text(), nullable=True),
        sa.Column("avs_code", sa.Text(), nullable=True),
        sa.Column("avs_message", sa.Text(), nullable=True),
        sa.Column("fraud_review", sa.Text(), nullable=True),
        sa.Column("capture_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("capture_balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("void_balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("multicapture", sa.Boolean(), nullable=True),
        sa.Column("expiry_noted_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.Column("reference_authorization_id", sa.Text(), nullable=True),
        sa.Column("refund_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("refund_balance_cents", sa.BigInteger(), nullable=True),
        sa.Column("reference_capture_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_transactions_order"),
        sa.ForeignKeyConstraint(
            ["tenant", "reference_authorization_id"],
            ["transactions.tenant", "transactions.id"],
            name="fk_transactions_reference_authorization",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "reference_capture_id"],
            ["transactions.tenant", "transactions.id"],
            name="fk_transactions_reference_capture",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_transactions_created_at_id", "transactions", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_transactions_order_id", "transactions", ["tenant", "order_id"], unique=False)
    op.create_index(
        "ix_transactions_reference_authorization_id",
        "transactions",
        ["tenant", "reference_authorization_id"],
        unique=False,
    )
    op.create_index(
        "ix_transactions_reference_capture_id", "transactions", ["tenant", "reference_capture_id"], unique=False
    )
    op.create_index("uq_transactions_type_object_key", "transactions", ["tenant", "type", "object_key"], unique=True)
    op.create_table(
        "wire_transfers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("payment_gateway_id", sa.Text(), nullable=True),
        sa.Column("intended_cents", sa.BigInteger(), nullable=True),
        sa.Column("intended_currency", sa.Text(), nullable=True),
        sa.Column("gateway_status", sa.Text(), nullable=True),
        sa.Column("method_id", sa.Text(), nullable=True),
        sa.Column("payment_instrument", Document(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_wire_transfers_order"),
        sa.ForeignKeyConstraint(
            ["tenant", "payment_gateway_id"],
            ["payment_gateways.tenant", "payment_gateways.id"],
            name="fk_wire_transfers_payment_gateway",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("ix_wire_transfers_created_at_id", "wire_transfers", ["tenant", "created_at", "id"], unique=False)
    op.create_index("ix_wire_transfers_order_id", "wire_transfers", ["tenant", "order_id"], unique=False)
    op.create_index(
        "ix_wire_transfers_payment_gateway_id", "wire_transfers", ["tenant", "payment_gateway_id"], unique=False
    )
