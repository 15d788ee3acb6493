"""Accounts of the outbox, and what is repeated where a platform recognises its key. Pure."""

from __future__ import annotations

from collections.abc import Callable

from actors.journal.doubts import NOBODY, Trust
from actors.journal.endings import Endings
from actors.journal.sayings import OutgoingLimits, OutgoingRecord
from actors.journal.values import AccountKey
from actors.journal.waiting import OutgoingAccount


class Trusting(Endings):
    """The accounts, and for how long the platform of each recognises a key; see `doubts`."""

    def __init__(
        self, limits: OutgoingLimits, note: Callable[[OutgoingRecord], None]
    ) -> None:
        super().__init__(limits, note)
        self._accounts: dict[AccountKey, OutgoingAccount] = {}

    def account(self, key: AccountKey) -> OutgoingAccount:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = OutgoingAccount()
        return account

    def trust_keys(self, key: AccountKey, trust: Trust, now: float) -> bool:
        """Note which keys the platform recognises; say if something may be repeated now."""
        if not trust.seconds and key not in self._accounts:
            return False
        account = self.account(key)
        account.trust = trust if trust.seconds else NOBODY
        again = False
        for record in self._doubts.of(key) if trust.seconds else ():
            if not record.waits:
                record.account = account
                again = self._repeat(record, now) or again
        return again

    def trust_again(self, now: float) -> list[AccountKey]:
        """Look again after rows were restored; return the accounts that may repeat one."""
        trusted = {k: a.trust for k, a in self._accounts.items()}
        return [
            key
            for key, trust in trusted.items()
            if trust.seconds and self.trust_keys(key, trust, now)
        ]
