"""Does a host that runs for months grow? A million messages through a real one.

    python -m tests.soak --messages 1000000

A few tens of thousands are in every test run. The load is a process of its own.
"""
