"""What a restored backup brings back is erased again."""

from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import repository
from accounts.domain import open_account
from accounts.tables import accounts
from chassis.database import event_log
from chassis.messaging import now
from chassis.testing import Databases, Servers
from engines.erasures import erase_again, from_file, read_ledger
from engines.protocol import EngineError


async def test_erased_accounts_go_again_and_all_hear_of_it(
    servers: Servers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased, kept = uuid4(), uuid4()
    database = await databases.connect("accounts")
    monkeypatch.setattr("engines.erasures.SERVICE", databases.url.rpartition("/")[2].format(service="accounts"))
    try:
        async with database.transaction() as tx:
            for account in (erased, kept):
                new = partial(open_account, name="Ada", country="NL", password_hash="-", now=now())
                await repository.add(tx, new(id=account, email=f"{account}@example.org"))
        ledger = {str(erased), str(uuid4())}
        assert await erase_again(servers.postgres, ledger) == 2
        async with database.reading() as connection:
            assert (await connection.scalars(select(accounts.c.id))).all() == [kept]
            events = (await connection.execute(select(event_log))).all()
        assert {(each.type, each.key, each.published_at) for each in events} == {
            ("account.erased", each, None) for each in ledger
        }
        assert all(each.data == {"account_id": each.key} for each in events)
        assert await read_ledger(servers.postgres) == ledger
        assert await erase_again(servers.postgres, ledger) == 0, "once is enough"
    finally:
        await database.close()


async def test_a_tier_without_databases_has_no_ledger(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.erasures.SERVICE", "nothing_is_called_so")
    assert await read_ledger(servers.postgres) == set()


def test_a_ledger_is_a_list_of_ids(tmp_path: Path) -> None:
    file, ids = tmp_path / "erasures", {str(uuid4()), str(uuid4())}
    file.write_text("\n".join(ids))
    assert from_file(str(file)) == ids
    file.write_text("ada@example.org")
    with pytest.raises(EngineError, match="no list"):
        from_file(str(file))
