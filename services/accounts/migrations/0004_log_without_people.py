"""Events say no person once they are published, also those that instances of the release before still write.

Until then such an event keeps what it says: instances of that release read it from Kafka.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

FUNCTION = """
CREATE FUNCTION forget_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.data := NEW.data - '{email,name}'::text[];
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER forget_person BEFORE UPDATE ON event_log FOR EACH ROW
WHEN (NEW.published_at IS NOT NULL AND NEW.data ?| '{email,name}'::text[]) EXECUTE FUNCTION forget_person()
"""
PUBLISHED = "UPDATE event_log SET published_at = published_at WHERE published_at IS NOT NULL AND data ?| '{email,name}'"


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGER)
    op.execute(PUBLISHED)


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_person ON event_log")
    op.execute("DROP FUNCTION forget_person")
