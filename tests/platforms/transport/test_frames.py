"""Our text frames, read by wsproto as the second opinion."""

from hypothesis import example, given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, Opcode

from platforms.transport.frames import text_frame

texts = st.text(max_size=300) | st.builds(
    str.__mul__, st.just("鸦"), st.integers(0, 30_000)
)


@given(messages=st.lists(texts, max_size=5), mask=st.binary(min_size=4, max_size=4))
@example(messages=["x" * 125, "x" * 126, "x" * 65535, "x" * 65536], mask=b"\0\1\2\3")
def test_what_we_write_is_read_as_it_was(messages: list[str], mask: bytes) -> None:
    for we_are_client in (True, False):
        reader = FrameProtocol(client=not we_are_client, extensions=[])
        for text in messages:
            frame = text_frame(text.encode(), mask if we_are_client else b"")
            reader.receive_bytes(frame)

        frames = list(reader.received_frames())

        assert {frame.opcode for frame in frames} <= {Opcode.TEXT}
        assert [frame.payload for frame in frames] == messages
