"""U14: a name server that never answers, in a network namespace of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.gateway import ROOT

pytestmark = pytest.mark.live

_NOWHERE: Final = """
set -e
ip link set lo up
ip link add veth0 type veth peer name veth1
ip addr add 10.255.255.2/24 dev veth0
ip link set veth0 up
ip link set veth1 up
ip neigh add 10.255.255.1 lladdr 02:00:00:00:00:01 dev veth0
echo "nameserver 10.255.255.1" > "$1/resolv.conf"
mount --bind "$1/resolv.conf" /etc/resolv.conf
exec "$2" -m tests.datacloud.black_hole "$1"
"""


def nowhere(folder: Path) -> list[str]:
    """The command that measures in a namespace; where there may be none, with a pool that is stuck anyway."""
    module = [sys.executable, "-m", "tests.datacloud.black_hole", str(folder)]
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    apart = ["unshare", *as_root, "--net", "--mount"]
    if shutil.which("unshare") and shutil.which("ip") and subprocess.run([*apart, "true"], check=False).returncode == 0:
        return [*apart, "bash", "-c", _NOWHERE, "bash", str(folder), sys.executable]
    return [*module, "--stuck"]


@pytest.mark.parametrize("is_stuck", [False, True], ids=["black hole", "stuck pool"])
@pytest.mark.row("U14")
def test_u14_commits_take_no_longer_while_the_name_server_never_answers(tmp_path: Path, is_stuck: bool) -> None:
    stuck = [sys.executable, "-m", "tests.datacloud.black_hole", str(tmp_path), "--stuck"]
    command = stuck if is_stuck else nowhere(tmp_path)

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 0, ended.stderr
    latencies_ms = sorted(json.loads(ended.stdout))
    assert len(latencies_ms) > 15
    assert latencies_ms[-1] <= 250
