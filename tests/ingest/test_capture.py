"""The capture file, written and read; files of other tools, damaged files."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import CaptureError
from app.ingest.capture import DATAGRAM_AT, CapturedDatagram, CaptureWriter, read_capture

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
ONE = CapturedDatagram(1_700_000_000.25, b"first", ("192.0.2.7", 50_001), 20_777)
TWO = CapturedDatagram(1_700_000_000.250_02, b"second!", ("192.0.2.8", 50_002), 20_778)
FILE_HEAD, RECORD_HEAD = 24, 16


def _write(path: Path, *datagrams: CapturedDatagram) -> bytes:
    with CaptureWriter(path) as writer:
        for datagram in datagrams:
            writer.append(datagram)
    return path.read_bytes()


def _frames(data: bytes) -> list[bytes]:
    found, at = [], FILE_HEAD
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at + 8)
        found.append(data[at + RECORD_HEAD : at + RECORD_HEAD + size])
        at += RECORD_HEAD + size
    return found


def _pcap(frame: bytes, *, order: str = "<", magic: int = 0xA1B2C3D4, link: int = 1, fraction: int = 250_000) -> bytes:
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65_535, link)
    return head + struct.pack(f"{order}IIII", 1_700_000_000, fraction, len(frame), len(frame)) + frame


def _ones_complement_sum(data: bytes) -> int:
    """RFC 1071, word by word."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.fixture
def frame(tmp_path: Path) -> bytes:
    """The Ethernet frame around ONE."""
    return _frames(_write(tmp_path / "frame.pcap", ONE))[0]


class TestRoundTrip:
    @pytest.mark.parametrize("name", ["lap.pcap", "lap.pcap.gz"])
    def test_what_is_written_is_read_back(self, tmp_path: Path, name: str) -> None:
        _write(tmp_path / name, ONE, TWO)

        assert list(read_capture(tmp_path / name, strict=True)) == [ONE, TWO]

    @given(
        st.binary(max_size=1500),
        st.integers(0, 2**32 * 10**6 - 1),
        st.integers(0, 65_535),
        st.tuples(*[st.integers(0, 255)] * 4),
    )
    def test_any_datagram_comes_back_with_its_time_to_the_microsecond(
        self, tmp_path_factory: pytest.TempPathFactory, payload: bytes, micros: int, port: int, ip: tuple[int, ...]
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "any.pcap"
        datagram = CapturedDatagram(micros / 1e6, payload, (".".join(map(str, ip)), port), 65_535 - port)

        _write(path, datagram)

        (read,) = read_capture(path, strict=True)
        assert read[1:] == datagram[1:]
        assert round(read.at_s * 1e6) == round(datagram.at_s * 1e6)

    def test_a_bundled_capture_written_again_is_the_same_file(self, tmp_path: Path) -> None:
        path = CAPTURES / "f1_25-format2026-race-melbourne.pcap.gz"

        data = _write(tmp_path / "again.pcap", *read_capture(path, strict=True))

        assert data == gzip.decompress(path.read_bytes())

    def test_a_capture_without_datagrams_is_empty_and_no_error(self, tmp_path: Path) -> None:
        _write(tmp_path / "none.pcap")

        assert list(read_capture(tmp_path / "none.pcap", strict=True)) == []


class TestWritten:
    @pytest.mark.parametrize("name", ["lap.pcap", "lap.pcap.gz"])
    def test_equal_datagrams_give_equal_files(self, tmp_path: Path, name: str) -> None:
        assert _write(tmp_path / name, ONE, TWO) == _write(tmp_path / f"again-{name}", ONE, TWO)

    def test_the_game_s_datagram_starts_at_byte_42_of_the_frame(self, frame: bytes) -> None:
        assert frame[DATAGRAM_AT:] == ONE.payload

    def test_lengths_count_what_is_there(self, frame: bytes) -> None:
        ip_size, udp_size = struct.unpack_from("!H", frame, 16)[0], struct.unpack_from("!H", frame, 38)[0]

        assert (len(frame), ip_size, udp_size) == (42 + 5, 20 + 8 + 5, 8 + 5)

    def test_the_ip_head_sums_to_all_ones(self, frame: bytes) -> None:
        assert _ones_complement_sum(frame[14:34]) == 0xFFFF

    @given(st.binary(max_size=200))
    def test_the_udp_checksum_covers_addresses_head_and_payload(
        self, tmp_path_factory: pytest.TempPathFactory, payload: bytes
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "sum.pcap"

        frame = _frames(_write(path, ONE._replace(payload=payload)))[0]

        pseudo_head = frame[26:34] + struct.pack("!HH", 17, len(frame) - 34)
        assert frame[40:42] != b"\0\0"
        assert _ones_complement_sum(pseudo_head + frame[34:]) == 0xFFFF

    def test_a_udp_checksum_that_comes_out_as_zero_is_written_as_all_ones(self, tmp_path: Path) -> None:
        blank = _frames(_write(tmp_path / "blank.pcap", ONE._replace(payload=b"\0\0")))[0]
        missing_to_all_ones = blank[40:42]

        frame = _frames(_write(tmp_path / "sum.pcap", ONE._replace(payload=missing_to_all_ones)))[0]

        assert frame[40:42] == b"\xff\xff"

    @pytest.mark.parametrize("name", ["lap.pcap", "lap.pcap.gz"])
    def test_a_flushed_datagram_is_in_the_file_before_it_is_closed(self, tmp_path: Path, name: str) -> None:
        with CaptureWriter(tmp_path / name) as writer:
            writer.append(ONE)
            writer.flush()

            assert list(read_capture(tmp_path / name)) == [ONE]

    def test_the_writer_counts_its_datagrams(self, tmp_path: Path) -> None:
        with CaptureWriter(tmp_path / "lap.pcap") as writer:
            writer.append(ONE)
            writer.append(TWO)

        assert writer.count == 2

    def test_closing_twice_does_no_harm(self, tmp_path: Path) -> None:
        writer = CaptureWriter(tmp_path / "lap.pcap.gz")

        writer.close()
        writer.close()

        assert list(read_capture(tmp_path / "lap.pcap.gz", strict=True)) == []

    def test_a_payload_that_no_frame_holds_is_refused_with_both_sizes(self, tmp_path: Path) -> None:
        with CaptureWriter(tmp_path / "lap.pcap") as writer, pytest.raises(CaptureError, match=r"65494 bytes.*65493"):
            writer.append(ONE._replace(payload=bytes(65_494)))

    def test_a_source_that_is_no_ipv4_address_is_named(self, tmp_path: Path) -> None:
        with CaptureWriter(tmp_path / "lap.pcap") as writer, pytest.raises(CaptureError, match="'fe80::1'"):
            writer.append(ONE._replace(source=("fe80::1", 1)))

    def test_a_file_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match=r"lap.pcap: No such file"):
            CaptureWriter(tmp_path / "nowhere" / "lap.pcap")


class TestOtherTools:
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize(("magic", "fraction"), [(0xA1B2C3D4, 250_000), (0xA1B23C4D, 250_000_000)])
    def test_both_byte_orders_and_both_clock_units_are_read(
        self, tmp_path: Path, frame: bytes, order: str, magic: int, fraction: int
    ) -> None:
        (tmp_path / "other.pcap").write_bytes(_pcap(frame, order=order, magic=magic, fraction=fraction))

        assert list(read_capture(tmp_path / "other.pcap")) == [ONE]

    def test_gzip_is_known_by_its_bytes_and_not_by_its_name(self, tmp_path: Path, frame: bytes) -> None:
        (tmp_path / "lap.pcap").write_bytes(gzip.compress(_pcap(frame)))

        assert list(read_capture(tmp_path / "lap.pcap", strict=True)) == [ONE]

    def test_ip_options_are_stepped_over(self, tmp_path: Path, frame: bytes) -> None:
        with_options = frame[:14] + b"\x46" + frame[15:34] + b"\x01\x01\x01\x00" + frame[34:]
        (tmp_path / "lap.pcap").write_bytes(_pcap(with_options))

        assert list(read_capture(tmp_path / "lap.pcap")) == [ONE]

    def test_the_padding_of_a_short_frame_is_not_part_of_the_datagram(self, tmp_path: Path, frame: bytes) -> None:
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame.ljust(60, b"\0")))

        assert list(read_capture(tmp_path / "lap.pcap")) == [ONE]

    @pytest.mark.parametrize(
        ("at", "byte"),
        [(12, 0x86), (14, 0x65), (14, 0x44), (23, 6), (20, 0x20), (21, 0x01), (39, 7), (39, 99)],
        ids=[
            "not-ipv4",
            "version-6",
            "short-ip-head",
            "tcp",
            "more-fragments",
            "fragment-offset",
            "no-udp",
            "too-long",
        ],
    )
    def test_frames_that_are_no_whole_ipv4_udp_datagram_are_passed_over(
        self, tmp_path: Path, frame: bytes, at: int, byte: int
    ) -> None:
        other = frame[:at] + bytes([byte]) + frame[at + 1 :]
        (tmp_path / "lap.pcap").write_bytes(_pcap(other) + _pcap(frame)[FILE_HEAD:])

        assert list(read_capture(tmp_path / "lap.pcap", strict=True)) == [ONE]

    def test_a_frame_too_short_for_any_head_is_passed_over(self, tmp_path: Path, frame: bytes) -> None:
        (tmp_path / "lap.pcap").write_bytes(_pcap(b"arp") + _pcap(frame)[FILE_HEAD:])

        assert list(read_capture(tmp_path / "lap.pcap", strict=True)) == [ONE]


class TestDamaged:
    def test_a_file_cut_anywhere_keeps_its_whole_records(self, tmp_path: Path) -> None:
        data = _write(tmp_path / "whole.pcap", ONE, TWO)
        first_ends = FILE_HEAD + RECORD_HEAD + DATAGRAM_AT + len(ONE.payload)

        for size in range(FILE_HEAD, len(data)):
            (tmp_path / "torn.pcap").write_bytes(data[:size])
            assert list(read_capture(tmp_path / "torn.pcap")) == ([ONE] if size >= first_ends else [])

    def test_a_torn_last_record_is_named_when_asked_to_be_strict(self, tmp_path: Path) -> None:
        data = _write(tmp_path / "whole.pcap", ONE, TWO)
        (tmp_path / "torn.pcap").write_bytes(data[:-1])

        with pytest.raises(CaptureError, match=r"torn.pcap: record 2 at byte 87 is torn: 48 of 49 bytes"):
            list(read_capture(tmp_path / "torn.pcap", strict=True))

    def test_a_torn_record_head_is_named_when_asked_to_be_strict(self, tmp_path: Path) -> None:
        data = _write(tmp_path / "whole.pcap", ONE)
        (tmp_path / "torn.pcap").write_bytes(data + b"\0" * 15)

        with pytest.raises(CaptureError, match=r"torn.pcap: record 2 at byte 87 is torn: 15 of 16 bytes"):
            list(read_capture(tmp_path / "torn.pcap", strict=True))

    def test_a_gzip_file_cut_anywhere_behind_its_head_keeps_its_whole_records(self, tmp_path: Path) -> None:
        data = _write(tmp_path / "whole.pcap.gz", *[ONE] * 50)
        record = _write(tmp_path / "one.pcap", ONE)[FILE_HEAD:]
        whole_head = next(size for size in range(len(data)) if len(_readable(data[:size])) >= FILE_HEAD)

        for size in range(whole_head, len(data)):
            (tmp_path / "torn.pcap.gz").write_bytes(data[:size])
            kept = (len(_readable(data[:size])) - FILE_HEAD) // len(record)
            assert len(list(read_capture(tmp_path / "torn.pcap.gz"))) == kept

    def test_a_cut_gzip_file_is_named_when_asked_to_be_strict(self, tmp_path: Path) -> None:
        data = _write(tmp_path / "whole.pcap.gz", *[ONE] * 50)
        (tmp_path / "torn.pcap.gz").write_bytes(data[:-8])

        with pytest.raises(CaptureError, match=r"torn.pcap.gz: record 51 at byte .* is torn"):
            list(read_capture(tmp_path / "torn.pcap.gz", strict=True))

    @pytest.mark.parametrize("content", [b"", b"# Captures\n", bytes(24), b"{}"])
    def test_a_file_that_is_no_pcap_is_named_with_its_first_bytes(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "notes.txt").write_bytes(content)

        with pytest.raises(CaptureError, match=f"notes.txt: is not a pcap file.*{content[:4].hex()}"):
            list(read_capture(tmp_path / "notes.txt"))

    def test_pcapng_is_named_with_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "lap.pcapng").write_bytes(b"\x0a\x0d\x0d\x0a" + bytes(40))

        with pytest.raises(CaptureError, match=r"lap.pcapng: is pcapng; save it as classic pcap"):
            list(read_capture(tmp_path / "lap.pcapng"))

    def test_another_link_type_is_named(self, tmp_path: Path, frame: bytes) -> None:
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame, link=113))

        with pytest.raises(CaptureError, match=r"lap.pcap: link type 113; only Ethernet \(1\) is read"):
            list(read_capture(tmp_path / "lap.pcap"))

    def test_a_torn_file_head_is_named_with_both_sizes(self, tmp_path: Path, frame: bytes) -> None:
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame)[:23])

        with pytest.raises(CaptureError, match=r"lap.pcap: file head is torn: 23 of 24 bytes"):
            list(read_capture(tmp_path / "lap.pcap"))

    def test_a_record_of_an_impossible_size_is_named(self, tmp_path: Path, frame: bytes) -> None:
        record = struct.pack("<IIII", 0, 0, 262_145, 262_145)
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame) + record)

        with pytest.raises(CaptureError, match=r"lap.pcap: record 2 at byte 87 claims 262145 bytes"):
            list(read_capture(tmp_path / "lap.pcap"))

    def test_a_datagram_that_was_not_captured_whole_is_named_with_both_sizes(
        self, tmp_path: Path, frame: bytes
    ) -> None:
        record = struct.pack("<IIII", 0, 0, 44, len(frame))
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame)[:FILE_HEAD] + record + frame[:44])

        with pytest.raises(CaptureError, match=r"lap.pcap: record 1 holds 44 of 47 bytes"):
            list(read_capture(tmp_path / "lap.pcap"))

    def test_another_protocol_s_frame_may_be_captured_in_part(self, tmp_path: Path, frame: bytes) -> None:
        record = struct.pack("<IIII", 0, 0, 40, 1500)
        tcp = frame[:23] + b"\x06" + frame[24:40]
        (tmp_path / "lap.pcap").write_bytes(_pcap(frame)[:FILE_HEAD] + record + tcp)

        assert list(read_capture(tmp_path / "lap.pcap", strict=True)) == []

    def test_damaged_gzip_data_is_named(self, tmp_path: Path) -> None:
        data = bytearray(_write(tmp_path / "lap.pcap.gz", ONE))

        data[10:20] = b"\xff" * 10

        (tmp_path / "lap.pcap.gz").write_bytes(bytes(data))
        with pytest.raises(CaptureError, match=r"lap.pcap.gz: "):
            list(read_capture(tmp_path / "lap.pcap.gz"))

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CaptureError, match=r"gone.pcap: No such file"):
            list(read_capture(tmp_path / "gone.pcap"))


def _readable(data: bytes) -> bytes:
    """What a cut gzip file still gives."""
    return zlib.decompressobj(wbits=31).decompress(data)
