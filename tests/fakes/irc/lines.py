"""Lines of IRC, read and written as plainly as can be. Shares nothing with our codec."""

from collections.abc import Mapping

_OUT = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_IN = {code[1]: sign for sign, code in _OUT.items()}


def taken_apart(line: str) -> tuple[dict[str, str], str, list[str]]:
    """Return tags, command and parameters of what a client says."""
    tags: dict[str, str] = {}
    if line.startswith("@"):
        head, line = line[1:].split(" ", 1)
        for tag in head.split(";"):
            key, _, value = tag.partition("=")
            tags[key] = _plain(value)
    if line.startswith(":"):
        line = line.split(" ", 1)[1]
    words, colon, last = line.partition(" :")
    command, *params = words.split()
    return tags, command.upper(), [*params, last] if colon else params


def put_together(tags: Mapping[str, str], prefix: str, *words: str) -> str:
    """Return a line to a client; the last word may hold blanks."""
    said = ";".join(
        key + ("=" + "".join(_OUT.get(sign, sign) for sign in value) if value else "")
        for key, value in tags.items()
    )
    *most, last = words
    line = " ".join([f":{prefix}", *most, f":{last}"])
    return f"@{said} {line}" if said else line


def _plain(value: str) -> str:
    said, signs = "", iter(value)
    for sign in signs:
        said += (
            _IN.get(following := next(signs, ""), following) if sign == "\\" else sign
        )
    return said
