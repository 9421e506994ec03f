"""Mutations: bytes that were once a file, as a bad disk, a bad cable or a bad joke leaves them."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, content: bytes, words: tuple[bytes, ...] = ()) -> bytes:
    """Draw a content with a few bytes changed, taken out, put in, doubled, or cut off.

    Args:
        draw: hypothesis's.
        content: that was whole.
        words: what may be put in, besides any bytes.
    """
    found = bytearray(content)
    scraps = st.binary(max_size=4) | st.sampled_from(words) if words else st.binary(max_size=4)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(found) - 1)))
        end = min(len(found), start + draw(st.sampled_from([0, 1, 1, 2, 4, 8, 64])))
        kind = draw(st.sampled_from(["replace", "replace", "double", "cut", "flip"]))
        if kind == "replace":
            found[start:end] = draw(scraps)
        elif kind == "double":
            found[start:start] = found[start:end]
        elif kind == "flip" and found:
            found[start] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut" and draw(st.booleans()):
            del found[start:]
    return bytes(found)
