"""What the check reads from a gateway is read from the real one."""

from __future__ import annotations

import pytest

from tests.containers.traffic import Site, drive, driving, farewell, live_rigs, watching
from tests.gateway import running_gateway

pytestmark = pytest.mark.live


def test_a_drive_tells_what_was_sent_and_a_screen_sees_it_and_is_told_to_go() -> None:
    with running_gateway() as gateway:
        site = Site(gateway.port, gateway.rig_ports)
        sent, laps = drive(site, speed=6.0, laps=1)
        received = site.received()
        with driving(site), watching(site) as screen:
            live = live_rigs(screen, ("RIG_A", "RIG_B"))
            gateway.terminate()
            code = farewell(screen)

    assert laps
    assert 0 < received <= sent
    assert sorted(live) == ["RIG_A", "RIG_B"]
    assert code == 1012
