"""Which path is answered by whom: (method, pattern, `on_NAME`, needs a token)."""

_C = r"/_matrix/client/(?:v3|r0)"
_W = r"([^/]+)"
_R = rf"{_C}/rooms/{_W}"

ROUTES: tuple[tuple[str, str, str, bool], ...] = (
    ("GET", r"/_matrix/client/versions", "versions", False),
    ("GET", rf"{_C}/login", "flows", False),
    ("POST", rf"{_C}/login", "login", False),
    ("GET", rf"{_C}/account/whoami", "whoami", True),
    ("GET", rf"{_C}/sync", "sync", True),
    ("POST", rf"{_C}/createRoom", "create", True),
    ("POST", rf"{_C}/join/{_W}", "join", True),
    ("POST", rf"{_R}/join", "join", True),
    ("POST", rf"{_R}/leave", "leave", True),
    ("POST", rf"{_R}/invite", "invite", True),
    ("POST", rf"{_R}/kick", "kick", True),
    ("GET", rf"{_R}/messages", "messages", True),
    ("GET", rf"{_R}/joined_members", "members", True),
    ("GET", rf"{_C}/joined_rooms", "joined_rooms", True),
    ("PUT", rf"{_R}/send/{_W}/{_W}", "send", True),
    ("PUT", rf"{_R}/redact/{_W}/{_W}", "redact", True),
    ("GET", rf"{_R}/state/{_W}(?:/([^/]*))?", "state", True),
    ("PUT", rf"{_R}/state/{_W}(?:/([^/]*))?", "set_state", True),
    (
        "GET",
        rf"/_matrix/client/v1/rooms/{_W}/relations/{_W}/{_W}/{_W}",
        "relations",
        True,
    ),
    ("GET", rf"{_C}/user/{_W}/account_data/{_W}", "account_data", True),
    ("PUT", rf"{_C}/user/{_W}/account_data/{_W}", "set_account_data", True),
    ("GET", rf"{_C}/directory/room/{_W}", "directory", True),
    ("GET", rf"{_C}/profile/{_W}", "profile", True),
    ("POST", r"/_matrix/media/(?:v3|r0)/upload", "upload", True),
    (
        "GET",
        rf"/_matrix/client/v1/media/download/{_W}/{_W}",
        "download",
        True,
    ),
    ("GET", rf"/_matrix/media/v3/download/{_W}/{_W}", "download", True),
)
