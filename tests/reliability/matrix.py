"""The fault matrix: what may go wrong, what must happen then, and the number to reach.

A row is proven by tests that carry its name (`@pytest.mark.row("U1")`), by a long proof of its name (`make chaos`), or
by another command; where something can only be injected in part here, it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Row(NamedTuple):
    """One fault.

    Attributes:
        name: Such as U1.
        fault: What goes wrong.
        expected: What must happen.
        number: What is to be reached.
        limits: What of it is not injected, or only by a stand-in; empty when all is.
        elsewhere: The command that proves it, where neither a test nor a long proof does.
    """

    name: str
    fault: str
    expected: str
    number: str
    limits: str = ""
    elsewhere: str = ""


PARTS: Final[Mapping[str, str]] = {
    "U": "Upload and Data Cloud",
    "S": "Storage",
    "I": "UDP input",
    "W": "WebSocket and web",
    "L": "Secrets and life cycle",
}
CHAOS: Final[Mapping[str, tuple[str, ...]]] = {
    "A6": ("U6",),
    "A7": ("U7",),
    "A8": ("U15",),
    "A13": ("L1",),
    "S10": ("L10",),
}
"""Long proofs that have another name than the rows they prove; any other proves the row of its own name."""

BEYOND: Final = ("ALERTS", "A16")
"""Long proofs of something that is no row; A16 is the upload alone, as fast as it goes."""

_NO_ORG: Final = "against the emulated org of this repository, not Salesforce's"
_PLUG: Final = "the plug is not pulled: logs cut at a random byte stand in for it"

MATRIX: Final = (
    Row(
        "U1",
        "kill -9 in the middle of an upload",
        "every committed row arrives, same id, same bytes",
        "committed − delivered = 0; at most 250 ms of input lost a kill",
        _NO_ORG,
    ),
    Row("U2", "rows accepted, the answer lost", "sent again, deduplicated by id", "0 lost; duplicates = those rows"),
    Row(
        "U3",
        "Data Cloud down for hours",
        "bounded disk, oldest first, the wall goes on",
        "outbox ≤ 2 GiB; backlog of 8 h gone ≤ 15 min; new laps delivered ≤ 10 s",
        "8 hours are preloaded, not waited",
    ),
    Row(
        "U4",
        "down for longer than the disk budget",
        "the oldest telemetry goes, counted",
        "evicted = missing at the org, exactly; laps lost 0",
    ),
    Row(
        "U5",
        "429 with Retry-After, also as a date or nonsense",
        "nobody asks early; capped at 15 min",
        "0 requests before the time; the first one ≤ 2 s after it",
    ),
    Row(
        "U6",
        "429 without Retry-After for ten minutes",
        "full jitter up to 60 s, shared by all objects",
        "≤ 40 attempts; ≤ 4 in flight afterwards",
        "ten minutes on a clock of the test's",
    ),
    Row(
        "U7",
        "500, 502, 503, 504, an HTML page, an empty body",
        "transient; never taken for a success",
        "log ≤ 1 line in 30 s a class",
    ),
    Row(
        "U8",
        "401 with four requests in flight",
        "one new login, each asked once more",
        "1 login; 0 lost; ≤ 15 logins an hour when refused again",
    ),
    Row(
        "U9",
        "invalid_grant, wrong key, clock ten minutes off",
        "the likely cause is told; the gateway stays up",
        "the skew is named ± 5 s",
    ),
    Row("U10", "one poison row in a batch of 540", "bisected, one dead letter", "539 delivered; ≤ 21 calls"),
    Row(
        "U11", "every row is refused: wrong schema", "the object is parked, rows kept, probed again", "≤ 8 dead letters"
    ),
    Row(
        "U12",
        "413, or a smaller limit than thought",
        "halved, the limit remembered",
        "0 dead letters; ≤ 3 wasted calls",
    ),
    Row(
        "U13",
        "slow-loris answers, silence after headers, endless bodies",
        "a total deadline, a bounded read",
        "freed ≤ 31 s; memory + ≤ 2 MiB",
    ),
    Row(
        "U14",
        "DNS: no such name, failure, black hole",
        "transient; commits do not wait for it",
        "commit p99 ≤ 250 ms meanwhile; back ≤ 60 s after DNS",
    ),
    Row(
        "U15",
        "connection refused, reset, half open, closed while idle",
        "transient; one retry at once when idle",
        "0 lost",
    ),
    Row(
        "U16",
        "TLS: expired, wrong host, self-signed, old, stalled",
        "refused, and told which",
        "0 bytes of token or data sent",
    ),
    Row("U17", "a redirect to another host", "not followed", "0 requests at the second host"),
    Row(
        "U18",
        "the token exchange names an odd host",
        "used only over https and under the allowed suffixes",
        "0 rows sent there",
    ),
    Row(
        "S1",
        "disk full under the outbox",
        "ballast freed, oldest evicted, told; the wall goes on",
        "back ≤ 5 s after there is room; quick_check ok",
    ),
    Row(
        "S2",
        "read-only file system, at start and at run time",
        "start refused; at run time told and counted",
        "exit ≤ 2 s; counter exact",
        "a real remount needs root; without it the disk's refusal is simulated",
    ),
    Row(
        "S3",
        "damaged file: header, pages, length 0, foreign, newer",
        "set aside, salvaged, told",
        "≥ 99 % of the rows outside damaged pages",
    ),
    Row("S4", "torn write-ahead log", "a prefix of the commits", "200 of 200", _PLUG),
    Row("S5", "a second process on the same outbox", "refused, with the holder's name", "exit ≤ 2 s"),
    Row("S6", "slow disk, commits of 500 ms", "queue to its bound, the wall untouched", "0 uncounted drops"),
    Row("S7", "a stuck reader pins the log", "the log stays bounded", "log ≤ 64 MiB"),
    Row(
        "S8",
        "clock jumps of ± 2 h, back to 1970",
        "durations from the monotonic clock; ids hold no clock",
        "0 negative durations; ids unchanged",
        "a clock of the test's jumps, not the system's",
    ),
    Row(
        "I1",
        "malformed, cut, oversized, empty datagrams",
        "counted by reason, dropped",
        "1 million: 0 exceptions; Σ reasons = sent; ≤ 20 µs each",
    ),
    Row(
        "I2",
        "NaN, infinity, index 255, impossible gears, bad UTF-8",
        "range-checked; NaN becomes null",
        "0 NaN out; 0 index errors",
    ),
    Row(
        "I3",
        "wrong format, unknown packet, another game",
        "counted, and told with what to set in the game",
        "told ≤ 2 s; log ≤ 1 line a minute and reason",
    ),
    Row(
        "I4",
        "flood from a third host",
        "the kernel filters by source",
        "rig loses ≤ 0.1 %; ≤ 25 % of a core; other rigs 0",
        "loopback, bounded in time; Linux only",
    ),
    Row(
        "I5",
        "flood from the rig's own address",
        "a token bucket a port, counted",
        "other rig unaffected; loop lag p99 ≤ 50 ms",
    ),
    Row(
        "I6",
        "single forged packets as the rig",
        "cannot be told apart: a jump of the frame raises a flag",
        "the flag at a jump > 10 s",
        "a residual risk: UDP has no authentication",
    ),
    Row(
        "I7",
        "5 % reordered, 2 % doubled, 5 % lost",
        "frames monotone, doubles dropped, loss shown",
        "0 duplicate ids; loss ± 0.5 points; lap times unchanged",
        "a seeded relay, since the kernel lacks netem",
    ),
    Row(
        "I8",
        "flashbacks, also twice over the line",
        "laps timed anew, no id collides",
        "laps = those of the clean run; 0 duplicates",
    ),
    Row("I9", "packets without frame ids, format 2023", "ids from natural keys", "0 collisions over all captures"),
    Row("I10", "one session uid on two rigs", "rigs never mix", "0 fields of one rig in the other"),
    Row(
        "I11",
        "rig restarts, crashes, pauses, cable out",
        "stale, then offline; sessions closed with a reason",
        "stale ≤ 2 s; offline ≤ 10 s; no lap spans two sessions",
    ),
    Row(
        "I12",
        "a rig gets another address; rigs swap cables",
        "the lease goes to the next valid sender",
        "takeover ≤ 10 s, ≤ 1 s by command",
    ),
    Row("I13", "two senders on one port", "the first keeps it, the second is told", "warning ≤ 2 s"),
    Row(
        "I14",
        "broadcast; both rigs on one port",
        "one rig a port; with two a source each",
        "attribution 100 % with sources",
    ),
    Row("I15", "datagrams in fragments, MTU 1000", "the kernel puts them together", "0 loss on a clean link"),
    Row("I16", "the event loop stalls", "the kernel's buffer absorbs it", "0 loss in 1 s at 2 × 360 packets/s"),
    Row("W1", "browsers that stop reading", "newest wins, then cut", "others' gap ≤ 150 ms; gone ≤ 12 s; ≤ 1 MiB each"),
    Row("W2", "a browser that reads at 2 Hz", "skips states, never events", "state age ≤ 1 s; events whole or 1013"),
    Row("W3", "500 screens reconnect at once", "all served", "all ≤ 3 s; others' gap ≤ 250 ms"),
    Row("W4", "1 200 sockets", "1 000 in all, 100 an address; the rest refused", "≤ 300 MiB; health ≤ 100 ms"),
    Row("W5", "foreign, null, missing, look-alike Origin", "refused before it is accepted", "0 of 20 accepted"),
    Row("W6", "DNS rebinding: a foreign Host", "refused", "0 accepted"),
    Row("W7", "oversized message, fragment and deflate bombs", "closed with 1009", "memory + ≤ 1 MiB"),
    Row("W8", "malformed client messages, 1 000 a second", "an error or a close", "0 tracebacks; loop lag ≤ 20 ms"),
    Row("W9", "control without the operator's token", "401 or 403", "100 % of routes classified"),
    Row("W10", "cross-site forms and text bodies", "refused", "0 accepted"),
    Row("W11", "path traversal, symlinks, NUL", "404", "0 bytes from outside"),
    Row("W12", "markup in a driver's name", "shown as text", "0 scripts run; the literal text is shown"),
    Row("W13", "a formula in a name, exported as CSV", "the cell is disarmed", "0 cells begin with = + - @ TAB CR"),
    Row("W14", "a line break or escape in a name", "one event, one line", "0 further lines"),
    Row(
        "W15", "100 000 random sessions, names, addresses", "labels from closed sets", "series constant; scrape ≤ 20 ms"
    ),
    Row("W16", "slow HTTP clients, 300 idle connections", "header deadline, cap", "health ≤ 100 ms"),
    Row("W17", "what replies give away", "no docs, no traceback, no server name", "0 paths, versions, settings"),
    Row(
        "L1",
        "secrets in logs, metrics, health, dead letters, argv, browser, bundle",
        "nowhere",
        "0 hits of key, token, assertion, client id",
    ),
    Row(
        "L2",
        "the key file is readable by others",
        "refused, with the chmod",
        "exit ≤ 2 s",
        "whether a file is a container's secret is told by its place",
    ),
    Row("L3", "the key is of a wrong kind, encrypted, cut short", "refused, with the reason", "exit ≤ 2 s"),
    Row("L4", "SIGTERM in the middle of a batch", "drains ≤ 8 s, the rest stays on disk", "exit 0 ≤ 10 s; 0 lost"),
    Row("L5", "SIGTERM with hung browsers", "they are cut", "exit ≤ 10 s"),
    Row("L6", "a second SIGTERM or SIGINT; SIGHUP", "ends at once after a commit; SIGHUP ends in order", "≤ 2 s"),
    Row(
        "L7",
        "SIGTERM in the container",
        "as without one",
        "exit 0 ≤ 10 s",
        "by podman; scheduled health checks and restart policies are not run",
        elsewhere="make container-check",
    ),
    Row("L8", "port in use, TCP and UDP", "one sentence with rig and port; UDP is never shared", "code 3 ≤ 2 s"),
    Row("L9", "a configuration with many mistakes", "all at once, with key and remedy, no values", "code 2 ≤ 2 s"),
    Row("L10", "killed 20 times in a row", "starts on a full outbox; the kills show", "20 of 20 starts ≤ 3 s"),
    Row(
        "L11",
        "30 minutes of everything at once",
        "flat",
        "memory ≤ + 1 MiB in 10 min; descriptors, tasks constant",
        "on the clock; hours of an event are not waited",
    ),
    Row("L12", "a task inside dies", "the process ends, loudly", "health red ≤ 2 s; each task"),
)
BY_NAME: Final[Mapping[str, Row]] = {row.name: row for row in MATRIX}

NOT_INJECTED: Final = (
    "A real Salesforce org: the emulated one is strict, and what the real one answers is known from documents.",
    "A real game. Captures of two games are replayed, all else is simulated.",
    "The loss of power. SQLite's log is cut at 200 random bytes instead.",
    "Windows and macOS. Code for them is typed and read, not run.",
    "`tc netem`. A seeded relay of our own loses, doubles and reorders.",
    "Docker Desktop's networking, scheduled container health checks, restart policies.",
    "Known vulnerabilities of packages: `pip-audit` needs its service, see docs/threat-model.md.",
)


def rows_of(proof: str) -> tuple[str, ...]:
    """The rows that a long proof of this name proves."""
    own = tuple(name for part in proof.split(", ") for name in CHAOS.get(part, (part,)) if name in BY_NAME)
    return tuple(dict.fromkeys(own))
