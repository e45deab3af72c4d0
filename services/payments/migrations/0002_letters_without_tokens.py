"""Dead letters that the release before has put aside go without the payment token: only the order is read now."""

from alembic import op

revision = "0002"
down_revision = "0001"

LETTERS = r"""
UPDATE event_log SET data = data || jsonb_build_object('value',
    regexp_replace(data->>'value', '"payment_token": ?"([^"\\]|\\.)*"', '"payment_token": ""', 'g'))
WHERE topic = 'orders.dead-letter' AND type = 'order.placed' AND NOT data ? 'headers'
"""


def upgrade() -> None:
    op.execute(LETTERS)


def downgrade() -> None:
    """What was forgotten does not come back."""
