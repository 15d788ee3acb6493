"""Pull the plug, again and again, and count what was lost or said twice.

A real host in a process of its own, a OneBot connection with load on it, and at random
instants `kill -9`, a disk that is full, or a line that is torn. Read `verdict` first: it
is pure and says what must hold; `campaign` does it. By hand:

    python -m tests.kills --rounds 50
"""
