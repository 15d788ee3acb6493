"""Who does the work: the kernel and the cast.

Read `kernel` first (actor, address, mailbox), then `messages` (the frozen values
everybody shares), then follow a message: `journal` -> `router` -> `bots` ->
`buffer` -> `sender` -> `tracker`.

What does not happen here: sockets, vendors, restart decisions, the wall clock.
"""
