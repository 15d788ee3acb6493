"""Where we touch the world: one folder per chat platform, and what they share.

    base         what a platform is, and what the host does for each of them
    console      this terminal: the smallest whole platform
    onebot11     QQ and others, over WebSockets, dialled by either side
    matrix       any homeserver, by long polls over HTTP
    telegram     the Bot API over HTTP, by long polls or a webhook
    irc          any network, over lines of text on TCP
    webchat      a page of our own in the browser
    transport    sockets: nothing outside it knows which libraries we use for WebSockets
                 and HTTP
    ingress      the one port that the world may reach, for the platforms that need one
    media        the bytes of pictures and files, fetched so that they can be sent
    objects      JSON from a stranger: bounded, and what cannot be read costs only itself

Read `base` first, then `console`, then one of the others.

What does not happen here: restart decisions (`supervision`), keeping messages
(`actors`), wiring (`rookery`).
"""
