"""The people of a simulated world: they say things, now and then many at once."""

from __future__ import annotations

import random

import trio

from rookery.testing.hostsim.climate import Climate
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.servers import Server
from rookery.testing.hostsim.words import Verb

ASKER = "quizzer"
"""The one person in each chat to whom bots put questions, so that no other person's words
are taken for an answer."""
BURST = (10, 30, 100)
"""How much is said in a burst."""


class People:
    """The people of one platform."""

    def __init__(
        self, server: Server, climate: Climate, dice: random.Random, diary: Diary
    ) -> None:
        self._server = server
        self._climate = climate
        self._dice = dice
        self._diary = diary

    async def chat(self, chat: str) -> None:
        """Say something in one chat now and then, for ever."""
        while True:
            await trio.sleep(self._dice.expovariate(1 / self._climate.pause))
            if self._dice.random() < 0.15:
                await self._quiz(chat)
            else:
                self._say(chat)

    async def bursts(self) -> None:
        """Say a lot at once now and then, for ever."""
        dice = self._dice
        while True:
            await trio.sleep(dice.expovariate(1 / self._climate.burst_pause))
            chats = self._server.temper.chats
            for _ in range(dice.choice(BURST)):
                self._say(dice.choice(chats))
                await trio.sleep(dice.choice([0.0, 0.0, 0.05, 1.0]))

    def _say(self, chat: str) -> None:
        verb = self._dice.choice(self._climate.verbs)
        user = f"user{self._dice.randint(1, 3)}"
        self._server.post(self._diary.say(verb, self._server.name, chat, user))

    async def _quiz(self, chat: str) -> None:
        say, server = self._diary.say, self._server
        server.post(say(Verb.ASK, server.name, chat, ASKER))
        await trio.sleep(self._dice.uniform(0, 40))
        if self._dice.random() < 0.7:
            server.post(say(Verb.ANSWER, server.name, chat, ASKER))
