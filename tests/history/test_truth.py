"""The board of the day and the traces, held against the simulator's truth: clean, and with restarts of the gateway."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from app.history.record import STEP_M
from app.sim.impairment import impair
from app.sim.ledger import Ledger
from app.sim.run import Run, simulate
from app.sim.scenarios import SCENARIOS
from tests.history.driving import RIGS, Gateway, Sending, sendings, true_board
from tests.truth.matrix import BAD_NETWORK, FORMATS

SEED = 5
TRACE_ERROR_MS = 20
NOT_DRIVING = {"spectator", "wrong_index"}
"""Here nobody drives the rig, or nobody can say which car it is: there are no laps of its own."""


@lru_cache(maxsize=4)
def played(scenario: str, seed: int) -> tuple[Run, tuple[Sending, ...]]:
    """A run and all its datagrams, each scenario and seed in another format."""
    run = simulate(scenario, seed=seed, rate_hz=20)
    return run, tuple(sendings(run, FORMATS[(list(SCENARIOS).index(scenario) + seed) % len(FORMATS)]))


def over_a_bad_network(sent: tuple[Sending, ...], seed: int) -> list[Sending]:
    """What arrives of it: some lost, some doubled, some late."""
    return sorted(
        (at_s, rig, datagram)
        for rig in {rig for _, rig, _ in sent}
        for at_s, datagram in impair([(at, what) for at, of, what in sent if of == rig], BAD_NETWORK, f"{seed}/{rig}")
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_board_is_the_valid_laps_of_the_rigs_own_drivers_and_nothing_else(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED)
    gateway = Gateway(tmp_path / "history.sqlite3")

    gateway.receive_all(sent)

    assert gateway.board() == true_board(run)
    assert bool(true_board(run)) == (scenario not in NOT_DRIVING)
    gateway.end()


@pytest.mark.parametrize("scenario", ["lobby", "invalid_lap", "flashback_over_line", "disconnect", "session_end"])
def test_the_board_is_the_same_over_a_bad_network(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED)
    gateway = Gateway(tmp_path / "history.sqlite3")

    gateway.receive_all(over_a_bad_network(sent, SEED))

    assert sorted(gateway.board()) == sorted(true_board(run))
    gateway.end()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_board_is_the_same_however_often_the_gateway_is_restarted(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED + 1)
    cuts = sorted(random.Random(f"restarts/{scenario}").sample(range(len(sent)), 3))

    doubled = False
    for first, last in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        gateway = Gateway(tmp_path / "history.sqlite3")
        gateway.receive_all(sent[first:last])
        ids = [lap.lap_id for lap in gateway.laps()]
        doubled = doubled or len(ids) != len(set(ids))
        board = gateway.board()
        gateway.end()

    assert sorted(board) == sorted(true_board(run))
    assert not doubled


def board_after_a_break(path: Path, sent: Sequence[Sending], down_s: float, up_s: float) -> list[tuple[str, int, int]]:
    """The board in the end when the gateway was down for a while."""
    before = Gateway(path)
    before.receive_all(each for each in sent if each[0] < down_s)
    before.end()
    after = Gateway(path)
    after.receive_all(each for each in sent if each[0] >= up_s)
    board = after.board()
    after.end()
    return board


@pytest.mark.parametrize("scenario", ["flashback_over_line", "chequered_flag", "disconnect"])
def test_while_the_gateway_is_down_laps_may_be_missed_but_no_false_one_stays(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED)
    down_s = random.Random(f"down/{scenario}").uniform(0.1, 0.8) * sent[-1][0]

    board = board_after_a_break(tmp_path / "history.sqlite3", sent, down_s, down_s + 12.0)

    assert set(board) <= set(true_board(run))


@pytest.mark.parametrize("which", [0, 1])
def test_a_flashback_over_the_line_while_the_gateway_is_down_undoes_the_lap(tmp_path: Path, which: int) -> None:
    """The lap is driven anew and slower, so for a moment the old one would be on the board."""
    run, sent = played("flashback_over_line", SEED)
    flashback = run.ledger.flashbacks[which]
    landed_s = flashback.at_s + 1.5

    before = Gateway(tmp_path / "history.sqlite3")
    before.receive_all(each for each in sent if each[0] < flashback.at_s)
    undone = before.board()
    before.end()
    after = Gateway(tmp_path / "history.sqlite3")
    after.receive_all(each for each in sent if landed_s <= each[0] < landed_s + 0.5)
    stands = after.board()
    after.receive_all(each for each in sent if each[0] >= landed_s + 0.5)

    assert (len(undone), stands) == (1, [])
    assert after.board() == true_board(run)
    after.end()


@pytest.mark.parametrize("gap", ["seen to begin", "begun unseen"])
def test_a_loaded_saves_earlier_laps_are_on_the_board_once_when_the_gateway_restarts(tmp_path: Path, gap: str) -> None:
    run, sent = played("save_load", SEED)
    begun_s = run.ledger.sessions[1].started_at_s
    down_s, up_s = (begun_s + 6.0, begun_s + 6.0) if gap == "seen to begin" else (begun_s - 0.5, begun_s + 6.0)

    board = board_after_a_break(tmp_path / "history.sqlite3", sent, down_s, up_s)

    assert run.ledger.inherited_laps
    assert board == true_board(run)


def test_a_loaded_saves_earlier_laps_are_not_told_when_nobody_saw_them_driven(tmp_path: Path) -> None:
    run, sent = played("save_load", SEED)
    saved, loaded = run.ledger.sessions
    from_then_on = [each for each in sent if each[0] >= loaded.started_at_s - 0.5]
    break_s = loaded.started_at_s + 6.0

    board = board_after_a_break(tmp_path / "history.sqlite3", from_then_on, break_s, break_s)

    driven_before = [lap.lap_number for lap in run.ledger.own_laps(0) if lap.session_uid == saved.session_uid]
    assert driven_before
    assert board == [row for row in true_board(run) if row[1] not in driven_before]


def test_a_restart_leaves_the_board_its_newest_row_and_the_times_of_completion(tmp_path: Path) -> None:
    _, sent = played("duel", SEED)
    half = len(sent) * 3 // 4
    before = Gateway(tmp_path / "history.sqlite3")
    before.receive_all(sent[:half])
    shown = before.day()
    before.end()

    after = Gateway(tmp_path / "history.sqlite3")
    after.now = before.now
    again = after.day()

    assert shown["tracks"][0]["board"]
    assert again["tracks"] == shown["tracks"]
    after.end()


# --- traces -----------------------------------------------------------------------------------------------


def timed(gateway: Gateway) -> Iterator[tuple[int, int, int, list[int | None]]]:
    """Rig, session, number and times along the distance of every lap with a trace."""
    for lap in gateway.laps():
        body = gateway.lap(lap.lap_id) if lap.has_trace else None
        if body is not None:
            yield RIGS.index(lap.rig_id), int(lap.session_uid or 0), lap.lap_number, body["time_ms"]


def true_ms(ledger: Ledger, rig: int, uid: int, number: int, distance_m: float) -> float | None:
    """The lap time there; None where the car did not pass, or stood: then it showed many."""
    around = [ledger.traces.lap_elapsed_ms(rig, uid, number, distance_m + off_m) for off_m in (-0.5, 0.0, 0.5)]
    if around[1] is None:
        return None
    known = [elapsed_ms for elapsed_ms in around if elapsed_ms is not None]
    return None if max(known) - min(known) > 500 else around[1]


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in NOT_DRIVING])
def test_the_times_of_a_trace_are_true_within_twenty_milliseconds(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED)
    gateway = Gateway(tmp_path / "history.sqlite3")
    gateway.receive_all(sent)

    errors_ms: list[float] = []
    for rig, uid, number, times in timed(gateway):
        for index in range(0, len(times), 3):
            time_ms = times[index]
            true = true_ms(run.ledger, rig, uid, number, index * STEP_M)
            if time_ms is not None and true is not None:
                errors_ms.append(abs(time_ms - true))

    assert len(errors_ms) > 40 * len(true_board(run))
    assert max(errors_ms) <= TRACE_ERROR_MS
    gateway.end()


def test_a_lap_that_was_seen_whole_has_no_hole_and_its_start_is_zero(tmp_path: Path) -> None:
    _, sent = played("time_trial", SEED)
    gateway = Gateway(tmp_path / "history.sqlite3")
    gateway.receive_all(sent)

    traces = list(timed(gateway))

    assert len(traces) == 3
    for _, _, _, times in traces:
        assert times[0] == 0
        assert None not in times
    gateway.end()


@pytest.mark.parametrize("packet_format", FORMATS)
def test_speeds_of_a_trace_are_those_the_car_drove(tmp_path: Path, packet_format: int) -> None:
    run = simulate("time_trial", seed=SEED, rate_hz=60)
    gateway = Gateway(tmp_path / "history.sqlite3")
    gateway.receive_all(sendings(run, packet_format))
    states = [state for state in run.ledger.traces.live(0) if state.lap_number == 2]

    lap = next(lap for lap in gateway.laps() if lap.lap_number == 2)
    body = gateway.lap(lap.lap_id)

    assert body is not None
    assert None not in body["speed_kph"][1:-2]
    for index, speed_kph in enumerate(body["speed_kph"]):
        if speed_kph is not None:
            near = min(states, key=lambda state: abs(state.lap_distance_m - index * STEP_M))
            assert abs(speed_kph - near.speed_kph) <= 3
    gateway.end()


@pytest.mark.parametrize("scenario", ["time_trial", "chequered_flag"])
def test_the_map_is_the_track_that_was_driven(tmp_path: Path, scenario: str) -> None:
    run, sent = played(scenario, SEED)
    gateway = Gateway(tmp_path / "history.sqlite3")
    gateway.receive_all(sent)

    (track,) = {lap.track for lap in gateway.laps()}
    body = gateway.historian._atlas.get(track or "")

    assert body is not None
    true = run._acts[0][0].world
    assert true is not None
    for index, (x, z) in enumerate(zip(body.x, body.z, strict=True)):
        cell = true.track.cell(index * 10.0)
        assert abs(x - true.track.x_m[cell]) < 6
        assert abs(z - true.track.z_m[cell]) < 6
    gateway.end()
