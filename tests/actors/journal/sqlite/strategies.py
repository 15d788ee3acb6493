"""Anything a platform may bring or a bot may say."""

from __future__ import annotations

import string
from pathlib import Path

from hypothesis import strategies as st

from actors.messages import (
    ALL,
    Audio,
    Change,
    Chat,
    ChatKind,
    Delete,
    Edit,
    Emoji,
    File,
    Forward,
    Image,
    Inbound,
    Markdown,
    Mention,
    Node,
    Ours,
    Raw,
    React,
    Reply,
    Role,
    Segment,
    Sender,
    Text,
    Video,
)

# Half a surrogate pair is what JSON may hold and UTF-8 may not.
texts = st.text(st.characters(), max_size=12) | st.sampled_from(["\ud800", "a\udfffb"])
names = st.text(string.ascii_letters + "%/: ", max_size=6)
paths = st.text(string.ascii_letters + "/", min_size=1, max_size=8).map(Path)
sources = texts | st.binary(max_size=12) | paths
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.dictionaries(names, json, max_size=3)


def _segments(
    bodies: st.SearchStrategy[tuple[Segment, ...]],
) -> st.SearchStrategy[Segment]:
    nodes = st.builds(Node, texts, texts, texts, bodies)
    return st.one_of(
        st.builds(Text, texts),
        st.builds(Mention, texts | st.just(ALL), texts),
        st.builds(Reply, texts),
        st.builds(Image, sources, texts),
        st.builds(Audio, sources),
        st.builds(Video, sources),
        st.builds(File, sources, texts),
        st.builds(Emoji, texts),
        st.builds(Markdown, texts),
        st.builds(Forward, st.lists(nodes, max_size=2).map(tuple), texts),
        st.builds(Raw, names, objects),
    )


targets = texts | st.builds(Ours, texts, st.integers(1, 100))
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(Edit, targets),
    st.builds(Delete, targets),
    st.builds(React, targets, texts | st.builds(Emoji, texts), st.booleans()),
)
bodies: st.SearchStrategy[tuple[Segment, ...]] = st.deferred(
    lambda: st.lists(_segments(bodies), max_size=3).map(tuple)
)
chats = st.builds(Chat, st.sampled_from(ChatKind), texts)
senders = st.builds(Sender, texts, texts, st.sampled_from(Role), st.booleans())
events = st.builds(
    Inbound,
    texts,
    event=names,
    chat=st.none() | chats,
    sender=st.none() | senders,
    body=bodies,
    facts=objects,
    raw=objects,
    edit=st.integers(0, 9),
    sent_at_utc=st.none() | st.floats(0, 1e10),
    from_self=st.booleans(),
    dedup_seconds=st.sampled_from([60.0, 86_400.0]),
)
