"""The journal on disk: one SQLite file, one thread that writes.

Read `codec` for what a row holds. What does not happen here: deciding what a row may
become (`actors.messages`) and who gets it (`actors.journal.inbox`, `outgoing`).
"""
