"""What became of a world, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from rookery.testing.hostsim.outcome import Outcome

SHOWN = 5
"""How many broken laws of one world are printed."""
_LOST = (
    "everything_said_is_accepted",
    "everything_accepted_is_settled",
    "everything_is_handled",
    "done_means_done",
    "what_was_promised_is_written",
    "laters_come",
)
_DOUBLED = ("nothing_is_accepted_twice", "nothing_is_said_twice")


def command(seed: int, hours: float) -> str:
    """Return the command that lives through a world again."""
    return f"rookery chaos --simulate --seed {seed} --hours {hours!r}"


def report(outcome: Outcome, seconds: float) -> str:
    """Return what there is to say of a world that took so many real seconds."""
    head = f"seed {outcome.seed}: {_verdict(outcome)}; log {outcome.digest}"
    lines = [head, *_facts(outcome, seconds)]
    if outcome.broken:
        lines += [f"  {broken}" for broken in outcome.broken[:SHOWN]]
        if len(outcome.broken) > SHOWN:
            lines.append(f"  and {len(outcome.broken) - SHOWN} more")
        lines.append(f"again with: {command(outcome.seed, outcome.hours)}")
    return "\n".join(lines)


def progress(seed: int, now: float, hours: float, counts: Mapping[str, int]) -> str:
    """Return how far a world is."""
    return (
        f"seed {seed}: {now / 3600:.1f} of {hours:g} h, {counts.get('said', 0):,} "
        f"events, {counts.get('boots', 0)} boots, {counts.get('ends', 0):,} ends"
    )


def _verdict(outcome: Outcome) -> str:
    if outcome.broken:
        return f"{len(outcome.broken)} times a law was broken"
    if outcome.interrupted:
        return "interrupted; no law was broken so far"
    return "the laws hold"


def _facts(outcome: Outcome, seconds: float) -> list[str]:
    counts = outcome.counts

    def some(*names: str) -> str:
        told = [(name, counts.get(name, 0)) for name in names]
        return ", ".join(f"{number:,} {name}" for name, number in told)

    came = _of(counts, "in")
    went = _of(counts, "out")
    rate = outcome.lived / seconds if seconds > 0 else 0.0
    return [
        f"  in    {some('said')}, {sum(came.values()):,} accepted: {_list(came)}",
        f"  out   {sum(went.values()):,} to say, {some('heard')}: {_list(went)}",
        f"  host  {some('boots', 'process kills', 'stops', 'reloads', 'ends', 'crashes')}",
        f"  world {some('actor kills', 'storms', 'cuts', 'outages', 'disk faults')}",
        f"  lost {_broken(outcome, _LOST)}, doubled {_broken(outcome, _DOUBLED)}",
        f"  {outcome.lived:.1f} virtual hours in {seconds:.1f} s, {rate:.2f} each second",
    ]


def _of(counts: Mapping[str, int], way: str) -> dict[str, int]:
    return {
        name.removeprefix(f"{way} "): number
        for name, number in sorted(counts.items())
        if name.startswith(f"{way} ")
    }


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items()) or "none"


def _broken(outcome: Outcome, laws: tuple[str, ...]) -> int:
    return sum(broken.law in laws for broken in outcome.broken)
