"""What a type checker must accept and refuse of messages. Never run."""

# fmt: off

from typing import NoReturn, assert_never

from attrs import frozen

from actors.kernel import Actor, ActorContext, Address, Query, System


@frozen
class Greet:
    name: str


@frozen
class Insult:
    name: str


@frozen
class Count(Query[int]):
    """How many were greeted?"""


@frozen
class Names(Query[tuple[str, ...]]):
    """Who was greeted?"""


class Greeter(Actor[Greet | Count]):
    async def handle(self, ctx: ActorContext, message: Greet | Count) -> None:
        match message:
            case Greet():
                pass
            case Count():
                ctx.answer(message, 1)
            case _:
                assert_never(message)


class Half(Actor[Greet | Insult]):
    async def handle(self, ctx: ActorContext, message: Greet) -> None:  # E: Argument 2 of "handle" is incompatible with supertype "actors.kernel.actor.Actor"; supertype defines the argument type as "Greet | Insult"  [override]
        pass


class Forgetful(Actor[Greet | Count]):
    async def handle(self, ctx: ActorContext, message: Greet | Count) -> None:
        match message:
            case Greet():
                pass
            case _:
                assert_never(message)  # E: Argument 1 to "assert_never" has incompatible type "Count"; expected "Never"  [arg-type]


async def messages(greeter: Address[Greet | Count]) -> None:
    greeter.tell(Greet("ann"))
    greeter.tell(Count())
    await greeter.send(Greet("ann"), within=1.0)
    greeter.tell(Insult("bob"))  # E: Argument 1 to "tell" of "Address" has incompatible type "Insult"; expected "Greet | Count"  [arg-type]
    greeter.tell("ann")  # E: Argument 1 to "tell" of "Address" has incompatible type "str"; expected "Greet | Count"  [arg-type]
    await greeter.send(Insult("bob"), within=1.0)  # E: Argument 1 to "send" of "Address" has incompatible type "Insult"; expected "Greet | Count"  [arg-type]
    await greeter.send(Greet("ann"))  # E: Missing named argument "within" for "send" of "Address"  [call-arg]


async def finding(system: System) -> None:
    typed: Address[Greet | Count] = system.find("/greeter", Greeter)
    narrower: Address[Greet] = typed
    wider: Address[Greet | Count | Insult] = (
        typed  # E: Incompatible types in assignment (expression has type "Address[Greet | Count]", variable has type "Address[Greet | Count | Insult]")  [assignment]
    )
    untyped = system.find("/greeter")
    untyped.tell(Greet("ann"))  # E: Argument 1 to "tell" of "Address" has incompatible type "Greet"; expected "Never"  [arg-type]
    nobody: Address[NoReturn] = typed
    del narrower, wider, nobody
