"""What the users of a running service may do with its event log: append, and note what was published.

What is in an event stays as it was written, also for who got hold of the service's login. Dead letters are rows of the
same table and no events of the service: they may be noted again, and as sent.
"""

GRANTS = """
DO $$ BEGIN
    IF to_regclass('public.event_log') IS NOT NULL AND to_regrole('{users}') IS NOT NULL THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON public.event_log FROM "{users}";
        GRANT UPDATE (published_at, data, time) ON public.event_log TO "{users}";
    END IF;
END $$;
"""

GUARD = """
CREATE OR REPLACE FUNCTION public.keep_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'an event is never changed';
END $$;
CREATE OR REPLACE TRIGGER keep_event BEFORE UPDATE OF data, time ON public.event_log
    FOR EACH ROW WHEN (OLD.topic NOT LIKE '%.dead-letter') EXECUTE FUNCTION public.keep_event();
"""
"""For the owner of the table, who may still change what is in it: a migration may have to."""


def grants(service: str) -> str:
    """The SQL for the group of a service's users; does nothing where there is no such group, or no log yet."""
    return GRANTS.replace("{users}", f"{service}_rw")
