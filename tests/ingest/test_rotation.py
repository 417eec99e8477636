"""Which file a datagram goes into, and which files make room for it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.ingest.rotation import MIB, Limits, Recording, file_name, is_over, recording, series, stamp, surplus

NOON_S = 1_795_348_800.0  # 2026-11-22 12:00:00 UTC
LIMITS = Limits(total_bytes=100, max_age_s=3600, file_bytes=10, file_s=60)
INSTANTS = st.integers(0, 4_102_444_800_000)  # until 2100


def _closed(*starts_s: float, size: int = 10, rig_id: str = "RIG_A") -> list[Recording]:
    return [Recording(file_name(rig_id, at_s, ()), rig_id, stamp(int(at_s * 1000)), size) for at_s in starts_s]


class TestNames:
    def test_a_file_is_named_for_its_rig_and_its_first_instant(self) -> None:
        assert file_name("RIG_A", NOON_S + 5.25, taken=()) == "RIG_A-20261122T120005.250Z.pcap"

    def test_a_name_that_is_taken_is_never_given_again(self) -> None:
        taken: list[str] = []

        for _ in range(3):
            taken.append(file_name("RIG_A", NOON_S + 0.999, taken))

        assert taken == [
            "RIG_A-20261122T120000.999Z.pcap",
            "RIG_A-20261122T120001.000Z.pcap",
            "RIG_A-20261122T120001.001Z.pcap",
        ]

    @given(st.lists(INSTANTS, unique=True).map(sorted))
    def test_names_sort_as_time_does(self, instants: list[int]) -> None:
        assert all(stamp(sooner) < stamp(later) for sooner, later in pairwise(instants))

    @given(st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True), INSTANTS)
    def test_a_name_tells_its_rig_and_its_start(self, rig_id: str, at_ms: int) -> None:
        name = f"{rig_id}-{stamp(at_ms)}.pcap"

        assert recording(name, 7) == Recording(name, rig_id, stamp(at_ms), 7)

    def test_what_is_named_otherwise_is_no_recording(self) -> None:
        name = file_name("RIG_A", NOON_S, taken=())

        strangers = ["lap.pcap", f"{name}.gz", name.replace(".pcap", "-keep.pcap"), name.replace("Z", ""), f"x {name}"]
        assert [recording(stranger) for stranger in strangers] == [None] * 5

    def test_a_series_is_one_rig_s_files_in_the_order_of_time(self) -> None:
        one, two = file_name("RIG_A", NOON_S, ()), file_name("RIG_A", NOON_S + 900, ())
        other = file_name("RIG_A-2", NOON_S + 1, ())

        assert series([two, other, "notes.txt", one]) == {"RIG_A": [one, two], "RIG_A-2": [other]}


class TestWhenAFileIsOver:
    def test_it_takes_what_still_fits(self) -> None:
        assert not is_over(NOON_S, 6, NOON_S + 59, 4, LIMITS)

    def test_it_is_over_before_it_outgrows_its_size(self) -> None:
        assert is_over(NOON_S, 7, NOON_S, 4, LIMITS)

    def test_it_is_over_at_its_age(self) -> None:
        assert is_over(NOON_S, 0, NOON_S + 60, 1, LIMITS)

    def test_a_clock_set_far_back_begins_a_new_file(self) -> None:
        assert is_over(NOON_S, 0, NOON_S - 3600, 1, LIMITS)

    def test_a_clock_corrected_by_a_little_does_not(self) -> None:
        assert not is_over(NOON_S, 0, NOON_S - 0.5, 1, LIMITS)


class TestWhatGoes:
    def test_nothing_goes_while_there_is_room(self) -> None:
        assert surplus(_closed(NOON_S, NOON_S + 60), (), 2, NOON_S + 120, LIMITS) == []

    def test_the_oldest_go_first_whichever_rig_s_they_are(self) -> None:
        closed = [*_closed(NOON_S + 2, NOON_S + 4, size=40), *_closed(NOON_S + 1, size=40, rig_id="RIG_B")]

        doomed = surplus(closed, (), 2, NOON_S + 5, LIMITS)

        assert doomed == [closed[2].name]

    def test_the_files_being_written_count_with_the_size_they_may_reach(self) -> None:
        closed = _closed(*(NOON_S + n for n in range(9)))

        assert surplus(closed, (), 1, NOON_S + 9, LIMITS) == []
        assert surplus(closed, (), 2, NOON_S + 9, LIMITS) == [closed[0].name]

    def test_what_began_too_long_ago_goes_though_there_is_room(self) -> None:
        closed = _closed(NOON_S, NOON_S + 1)

        assert surplus(closed, (), 1, NOON_S + 3600.5, LIMITS) == [closed[0].name]

    def test_for_a_file_that_cannot_go_the_next_one_does(self) -> None:
        closed = _closed(NOON_S, NOON_S + 1, NOON_S + 2, size=40)

        assert surplus(closed, {closed[0].name}, 1, NOON_S + 3, LIMITS) == [closed[1].name]

    @given(
        rigs=st.integers(1, 4),
        total_bytes=st.integers(400, 2000),
        datagrams=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 25)), max_size=300),
    )
    def test_the_budget_is_never_exceeded(self, rigs: int, total_bytes: int, datagrams: list[tuple[int, int]]) -> None:
        limits = LIMITS._replace(total_bytes=total_bytes, file_bytes=2000).shared_by(rigs)
        closed: list[Recording] = []
        open_sizes: dict[int, int] = {}

        for number, (rig, size) in enumerate(datagrams):
            rig %= rigs
            if rig in open_sizes and is_over(NOON_S, open_sizes[rig], NOON_S, size, limits):
                closed += _closed(NOON_S + number, size=open_sizes.pop(rig))
            if rig not in open_sizes:
                doomed = surplus(closed, (), rigs, NOON_S, limits)
                closed = [file for file in closed if file.name not in doomed]
            open_sizes[rig] = open_sizes.get(rig, 0) + size

            assert sum(file.size for file in closed) + sum(open_sizes.values()) <= total_bytes


class TestSharing:
    def test_a_large_budget_leaves_the_files_as_they_are(self) -> None:
        assert Limits().shared_by(2) == Limits()

    def test_a_small_budget_makes_small_files(self) -> None:
        assert Limits(total_bytes=8 * MIB).shared_by(2).file_bytes == MIB

    def test_a_short_stay_makes_short_files(self) -> None:
        assert Limits(max_age_s=600).shared_by(1).file_s == 150
