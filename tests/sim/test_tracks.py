from __future__ import annotations

from itertools import pairwise
from math import hypot

import pytest

from app.sim.physics import ERS_FULL_J
from app.sim.tracks import TRACK_NAMES, Track, long_track, short_track

tracks = pytest.mark.parametrize("track", [short_track(0), short_track(4), short_track(7), long_track(4)], ids=str)


@tracks
def test_the_outline_closes_and_is_as_long_as_the_lap(track: Track) -> None:
    corners = list(zip(track.x_m, track.y_m, track.z_m, strict=True))
    steps = [hypot(*(b - a for a, b in zip(p, q, strict=True))) for p, q in pairwise([*corners, corners[0]])]

    assert sum(steps) == pytest.approx(track.length_m, rel=0.002)
    assert max(steps) < 1.02 * track.outline_step_m


@tracks
def test_the_reference_speeds_make_the_reference_lap_time(track: Track) -> None:
    seconds = sum(2 * track.step_m / (v + w) for v, w in pairwise(track.speeds_mps))

    assert seconds * 1000 == pytest.approx(track.reference_ms)
    assert track.speeds_mps[0] == track.speeds_mps[-1]


@tracks
def test_energy_is_balanced_over_a_lap_and_fits_the_store(track: Track) -> None:
    charge = [track.ers_at_line_j - a + b for a, b in zip(track.deployed_j, track.harvested_j, strict=True)]

    assert track.deployed_j[-1] == pytest.approx(track.harvested_j[-1])
    assert min(charge) >= 0.0
    assert max(charge) <= ERS_FULL_J


@tracks
def test_directions_are_unit_vectors_in_wire_integers(track: Track) -> None:
    for fx, fy, fz, rx, ry, rz in track.forward:
        assert hypot(fx, fy, fz) == pytest.approx(32_767, abs=2)
        assert hypot(rx, ry, rz) == pytest.approx(32_767, abs=2)
        assert abs(fx * rx + fy * ry + fz * rz) / 32_767**2 < 1e-3


@tracks
def test_the_places_of_a_lap_come_in_order(track: Track) -> None:
    assert 0 < track.pit_exit_m < track.sector2_m < track.sector3_m < track.pit_entry_m < track.length_m
    assert (track.box_m > track.pit_entry_m) == track.garages_before_line


def test_different_tracks_have_different_outlines() -> None:
    outlines = {short_track(track_id).x_m for track_id in TRACK_NAMES}

    assert len(outlines) == len(TRACK_NAMES)


def test_distances_before_the_line_count_from_the_end_of_the_lap() -> None:
    track = short_track()

    assert track.cell(-10.0) == track.cell(track.length_m - 10.0)
