"""The command line: words and options in, exit codes out.

What does not happen here: anything that a running host does; see `rookery.host` and,
for the way to it, `rookery.control`.

Read `app` first: every command is a function whose docstring is its `--help`. Then by
what you look for:

- the words of commands in groups: `looks`, `journal`, `outbox`, `deadletters`; options
  that several share: `places`, `choices`, and `typed` for those that need to be read
- what commands do: `client` (ask a running host; `NotDone`), `messages` and `journals`
  (a host, or the file it left), `seeing` and `screen` (`tree --watch`), `chaos`,
  `simulating`, `demo`, `checking`, `kinds`
- answers as text: `rendering`, `messagelists`, `lanes`, `tables`
- `rookery new`: `writing`, `newbot`, `starters`, `modules`

A module that only has words imports what does the work inside of its functions, so that
`--help` needs no host.
"""

from rookery.cli.app import app, main

__all__ = ["app", "main"]
