"""Since when the homeserver knows us as the device that we are now.

A homeserver recognises a repeated transaction id only from the device that used it first.
So a message whose outcome is unknown may be repeated as long as our token is one of the
same device; after another login, it would be said twice. Since when it has been this
device is kept beside the journal, for the next process.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platforms.base import Link, Shelf


async def known_again(link: Link, us: str, device: str, now: float) -> None:
    """Tell the host for how long the homeserver has known *us* as *device*.

    Args:
        link: To the host, before it is up.
        us: Our user id.
        device: Of our token; empty where the homeserver does not tell.
        now: Seconds since 1970.
    """
    seconds = await _seconds_as(link.shelf("devices"), us, device, now)
    if seconds == inf:
        return
    if not seconds:
        link.log.warning("device.changed", device=device)
    link.keys_known_for(seconds)


async def _seconds_as(shelf: Shelf, us: str, device: str, now: float) -> float:
    """Return for how many seconds *us* has been *device*; infinite if never another one.

    The shelf has one entry, named `US DEVICE`: the instant of the change, or nothing where
    it is the first device that we know of.
    """
    name = f"{us} {device}"
    kept = {
        n: body for n, body in (await shelf.all()).items() if n.startswith(f"{us} ")
    }
    if not kept:
        await shelf.put(name, b"")
        return inf
    if kept.keys() == {name}:
        since = kept[name]
        return max(0.0, now - float(since)) if since else inf
    # In this order, so that a process that dies in between finds another one than ours.
    await shelf.drop(name)
    await shelf.put(name, repr(now).encode())
    for other in kept.keys() - {name}:
        await shelf.drop(other)
    return 0.0
