from __future__ import annotations

import pytest

from tests.sim.runs import sent


@pytest.mark.parametrize(
    ("seed", "before", "after", "foreign"),
    [(4, 20, 0, False), (1, 0, 20, False), (2, 20, 20, False), (3, 20, 20, True)],
)
def test_the_history_burst_comes_in_all_variants_that_were_seen(
    seed: int, before: int, after: int, foreign: bool
) -> None:
    headers = [packet.header for packet in sent("session_end", seed)]
    uid = headers[0].session_uid
    closing = [h for h in headers if h.frame_identifier == 0 and h.packet_id in (8, 11) and h.session_time > 1.0]
    first = next(n for n, header in enumerate(closing) if header.packet_id == 8)
    bursts = [header for header in closing[:first] if header.packet_id == 11]

    assert len(bursts) == before
    assert len([header for header in closing[first:] if header.packet_id == 11]) == after
    assert {header.session_uid for header in bursts} <= ({0} if foreign else {uid})
