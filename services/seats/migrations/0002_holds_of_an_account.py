"""The holds of an account are counted at every hold: an index finds them. Code without it works as before."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("holds_account", "holds", ["account_id", "expires_at"], if_not_exists=True)


def downgrade() -> None:
    op.drop_index("holds_account")
