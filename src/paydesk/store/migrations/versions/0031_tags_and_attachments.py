"""Tags and attachments."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("attachable_type", sa.Text(), nullable=True),
        sa.Column("attachable_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index("ix_attachments_attachable_id", ["tenant", "attachable_id"], unique=False)
        batch_op.create_index("ix_attachments_created_at_id", ["tenant", "created_at", "id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.create_index("ix_tags_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("uq_tags_name", ["tenant", "name"], unique=True)

    op.create_table(
        "taggings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("taggable_type", sa.Text(), nullable=True),
        sa.Column("taggable_id", sa.Text(), nullable=True),
        sa.Column("tag_id", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "tag_id"], ["tags.tenant", "tags.id"], name="fk_taggings_tag"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("taggings", schema=None) as batch_op:
        batch_op.create_index("ix_taggings_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_taggings_tag_id", ["tenant", "tag_id"], unique=False)
        batch_op.create_index(
            "uq_taggings_taggable_id_taggable_type_tag_id",
            ["tenant", "taggable_id", "taggable_type", "tag_id"],
            unique=True,
        )
