"""What a type checker must accept and refuse of questions and answers. Never run."""

# fmt: off

from attrs import frozen

from actors.kernel import Actor, ActorContext, Address, Query


@frozen
class Greet:
    name: str


@frozen
class Count(Query[int]):
    """How many were greeted?"""


@frozen
class Names(Query[tuple[str, ...]]):
    """Who was greeted?"""


async def asking(greeter: Address[Greet | Count]) -> None:
    count: int = await greeter.ask(Count(), within=1.0)
    await greeter.ask(Names(), within=1.0)  # E: Argument 1 to "ask" of "Address" has incompatible type "Names"; expected "Askable[Address[Greet | Count], Never]"  [arg-type]
    await greeter.ask(Greet("ann"), within=1.0)  # E: Argument 1 to "ask" of "Address" has incompatible type "Greet"; expected "Askable[Address[Greet | Count], Never]"  [arg-type]
    await greeter.ask(Count())  # E: Missing named argument "within" for "ask" of "Address"  [call-arg]
    text: str = await greeter.ask(Count(), within=1.0)  # E: Argument 1 to "ask" of "Address" has incompatible type "Count"; expected "Askable[Address[Greet | Count], str]"  [arg-type]
    (await greeter.ask(Count(), within=1.0)).upper()  # E: "int" has no attribute "upper"  [attr-defined]
    del count, text


class Greeter(Actor[Greet | Count | Names]):
    async def handle(self, ctx: ActorContext, message: Greet | Count | Names) -> None:
        match message:
            case Greet():
                ctx.answer(message, 1)  # E: Argument 1 to "answer" of "ActorContext" has incompatible type "Greet"; expected "Query[int]"  [arg-type]
            case Count():
                ctx.answer(message, 1)
                ctx.answer(message, "one")  # E: Cannot infer value of type parameter "T" of "answer" of "ActorContext"  [misc]
                ctx.answer(message)  # E: Missing positional argument "answer" in call to "answer" of "ActorContext"  [call-arg]
            case Names():
                ctx.answer(message, ("ann", "bob"))
                ctx.answer(message, ("ann", 2))  # E: Cannot infer value of type parameter "T" of "answer" of "ActorContext"  [misc]
