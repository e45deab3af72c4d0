"""Contacts hold no person, whatever instances of the release before write into them.

What that release put aside as dead letters goes without the person too: only the id is read now.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

FUNCTION = """
CREATE FUNCTION forget_contact() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.email := NULL;
    NEW.name := NULL;
    RETURN NEW;
END $$
"""
TRIGGER = """
CREATE TRIGGER forget_contact BEFORE INSERT OR UPDATE ON contacts FOR EACH ROW
WHEN (NEW.email IS NOT NULL OR NEW.name IS NOT NULL) EXECUTE FUNCTION forget_contact()
"""
LETTERS = r"""
UPDATE event_log SET data = data || jsonb_build_object('value',
    regexp_replace(data->>'value', '"(email|name)": ?"([^"\\]|\\.)*"', '"\1": ""', 'g'))
WHERE topic = 'accounts.dead-letter' AND type = 'account.registered' AND NOT data ? 'headers'
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGER)
    op.execute("UPDATE contacts SET email = NULL, name = NULL WHERE email IS NOT NULL OR name IS NOT NULL")
    op.execute(LETTERS)


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_contact ON contacts")
    op.execute("DROP FUNCTION forget_contact")
