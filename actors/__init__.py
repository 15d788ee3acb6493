"""Who does the work: the kernel, and the cast that a message meets on its way.

    kernel      what an actor is: addresses, mailboxes, one isolated life at a time
    messages    the frozen values that everybody shares
    journal     what was accepted or is to be said, written down before anybody acts on it
    router      takes accepted events from the journal to the bots that want them
    bots        what an author declares, and how a handler is run
    buffer      the outbox: decides every state of what is to be said
    sender      takes from the outbox what may leave, to the connection that carries it
    tracker     what became of it, and the receipts of those who wait to hear
    schedule    work that no message started: cron, every hour, later
    monitor     for looking: the state of each connection, and what went wrong lately
    lanes       fair turns by key, which router, sender and bots are built on

Read `kernel` first, then `messages`, then follow a message in the order above.

What does not happen here: sockets, the protocols of chat platforms (`platforms`), deciding
who is restarted (`supervision`), reading a clock: times come from the `System`.
"""
