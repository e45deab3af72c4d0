"""Payment tokens leave the log, also those that instances of the release before still write there.

Such an event is needed with its token until it is published: instances of that release read it from Kafka. When the
relay notes that it was published, the token moves to where this release keeps tokens, or goes where nothing is to be
paid.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

FUNCTION = """
CREATE FUNCTION move_payment_token() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO payment_tokens (order_id, token)
    SELECT id, NEW.data->>'payment_token' FROM orders WHERE id::text = NEW.key AND status = 'placed'
    ON CONFLICT DO NOTHING;
    NEW.data := NEW.data - 'payment_token';
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER move_payment_token BEFORE UPDATE ON event_log FOR EACH ROW
WHEN (NEW.published_at IS NOT NULL AND NEW.data ? 'payment_token') EXECUTE FUNCTION move_payment_token()
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGER)
    op.execute(
        "UPDATE event_log SET published_at = published_at WHERE published_at IS NOT NULL AND data ? 'payment_token'"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER move_payment_token ON event_log")
    op.execute("DROP FUNCTION move_payment_token")
