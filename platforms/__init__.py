"""Where we touch the world: one folder per chat platform, and what they share.

Read `base` first (what a platform is, and what the host does for it), then
`console`, the smallest whole platform, then `onebot11` (WebSockets, both ways), `matrix`
(polls over HTTP) or `irc` (lines over TCP). `transport` holds the sockets; nothing outside it knows which libraries
of WebSockets and HTTP we use. `objects` reads the JSON of strangers. `ingress` is the port that platforms share whom the world must reach.

What does not happen here: restart decisions (`supervision`), keeping messages
(`actors`), wiring (`rookery`).
"""
