"""No person is kept here: who an account is, is asked of accounts when a mail is written.

The columns stay until no instance of the release before is left; they are empty.
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE contacts SET email = NULL, name = NULL")
    op.execute("UPDATE mails SET error = NULL")


def downgrade() -> None:
    """What was forgotten does not come back."""
