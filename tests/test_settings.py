"""Settings: what an operator can set, and how a mistake is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.ingest.bucket import MOST_PER_S
from app.settings import BadSettings, Settings, load_settings, read_settings, unknown_keys


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refused() -> str:
    with pytest.raises(BadSettings) as caught:
        load_settings(env_file=None)
    return str(caught.value)


def test_without_configuration_there_are_two_rigs_on_the_contracts_ports() -> None:
    settings = load_settings(env_file=None)

    assert [(rig.rig_id, rig.udp_port, rig.device_id) for rig in settings.rigs] == [
        ("RIG_A", 20777, "SIM_A"),
        ("RIG_B", 20778, "SIM_B"),
    ]
    assert settings.port == 8080


def test_the_guests_of_the_two_rigs_have_settings_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVER_A_NAME", "Ada")
    monkeypatch.setenv("DRIVER_B_INDIVIDUAL_ID", "003xx")

    first, second = load_settings(env_file=None).rigs

    assert (first.driver_name, first.individual_id) == ("Ada", None)
    assert (second.driver_name, second.individual_id) == (None, "003xx")


def test_any_number_of_rigs_is_told_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    rigs = [{"rig_id": f"POD_{n}", "udp_port": 21000 + n, "driver_name": f"guest {n}"} for n in range(5)]
    monkeypatch.setenv("RIGS", json.dumps(rigs))

    settings = load_settings(env_file=None)

    assert [rig.rig_id for rig in settings.rigs] == ["POD_0", "POD_1", "POD_2", "POD_3", "POD_4"]
    assert settings.rigs[3].driver_name == "guest 3"


def test_a_rig_without_a_device_id_is_known_to_salesforce_by_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGS", '[{"rig_id": "POD", "udp_port": 21000}]')

    assert load_settings(env_file=None).rigs[0].device_id == "POD"


def test_all_mistakes_are_told_at_once_each_with_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("LIVE_RATE_HZ", "60")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    lines = refused().splitlines()

    assert [line.split(":")[0] for line in lines] == ["PORT", "LIVE_RATE_HZ", "LOG_LEVEL"]


def test_a_mistake_is_told_without_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVER_A_NAME", "fine")
    monkeypatch.setenv("PORT", "hunter2")

    assert "hunter2" not in refused()


@pytest.mark.parametrize(
    ("rigs", "complaint"),
    [
        (
            '[{"rig_id": "A", "udp_port": 1}, {"rig_id": "B", "udp_port": 1}]',
            "A and B share udp_port 1: give each a port of its own, or each the source that it sends from",
        ),
        (
            '[{"rig_id": "A", "udp_port": 1, "source": "10.0.0.0/8"}, {"rig_id": "B", "udp_port": 1}]',
            "A and B share udp_port 1: give each a port of its own",
        ),
        (
            '[{"rig_id": "A", "udp_port": 1, "source": "::/0"}, {"rig_id": "B", "udp_port": 1, "source": "::1"}]',
            "A and B share udp_port 1 and a source: give each a source that the other has not",
        ),
        (
            '[{"rig_id": "A", "udp_port": 1, "source": "rig-a"}]',
            r"RIGS\[0\].source: .*must be IP addresses",
        ),
        ('[{"rig_id": "A", "udp_port": 1, "forward_to": "a:1,b:2,c:3,d:4,e:5"}]', r"RIGS\[0\].forward_to: .*at most 4"),
        ('[{"rig_id": "A", "udp_port": 1}, {"rig_id": "A", "udp_port": 2}]', "two rigs with the same rig_id: A"),
        (
            '[{"rig_id": "A", "udp_port": 1, "device_id": "X"}, {"rig_id": "B", "udp_port": 2, "device_id": "X"}]',
            "two rigs with the same device_id: X",
        ),
        ('[{"rig_id": "A.*", "udp_port": 1}]', r"RIGS\[0\].rig_id: .*1 to 32 letters"),
        ('[{"rig_id": "all", "udp_port": 1}]', r"RIGS\[0\].rig_id: .*means every rig"),
        ('[{"rig_id": "A", "udp_port": 70000}]', r"RIGS\[0\].udp_port"),
        ('[{"rig_id": "A", "udp_port": 1, "colour": "red"}]', r"RIGS\[0\].colour"),
        ("[{", "RIGS: must be a JSON list"),
        ('{"rig_id": "A"}', "RIGS: must be a JSON list"),
    ],
)
def test_a_mistake_in_the_rigs_names_the_rig_and_the_field(
    monkeypatch: pytest.MonkeyPatch, rigs: str, complaint: str
) -> None:
    monkeypatch.setenv("RIGS", rigs)

    with pytest.raises(BadSettings, match=complaint):
        load_settings(env_file=None)


def test_sources_are_a_list_or_a_text_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RIGS",
        '[{"rig_id": "A", "udp_port": 1, "source": ["192.168.1.8", "10.1.2.3/8"]},'
        ' {"rig_id": "B", "udp_port": 1, "source": "192.168.1.9, 192.168.1.10"}]',
    )

    a, b = load_settings(env_file=None).rigs

    assert [str(network) for network in a.source] == ["192.168.1.8/32", "10.0.0.0/8"]
    assert [str(network) for network in b.source] == ["192.168.1.9/32", "192.168.1.10/32"]


def test_the_two_rigs_have_sources_and_targets_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_A_SOURCE", "192.168.1.8")
    monkeypatch.setenv("RIG_B_FORWARD_TO", "overlay:20780, 192.168.1.30:5000")

    settings = load_settings(env_file=None)

    assert [str(network) for network in settings.rigs[0].source] == ["192.168.1.8/32"]
    assert settings.rigs[1].forward_to == ("overlay:20780", "192.168.1.30:5000")
    assert settings.setting_of(settings.rigs[0], "source") == "RIG_A_SOURCE"


def test_a_wrong_source_of_one_of_the_two_rigs_is_told_once_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_A_SOURCE", "the left one")

    lines = refused().splitlines()

    assert len(lines) == 1
    assert lines[0].startswith("RIG_A_SOURCE: ")


def test_a_rig_of_the_list_is_named_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGS", '[{"rig_id": "RIG_A", "udp_port": 1, "source": "10.0.0.1"}]')

    settings = load_settings(env_file=None)

    assert settings.setting_of(settings.rigs[0], "source") == "RIGS[0].source"


def test_what_a_rig_may_send_is_four_times_what_a_game_sends() -> None:
    assert load_settings(env_file=None).udp_max_datagrams_per_s == MOST_PER_S


def test_a_misspelt_key_of_the_env_file_is_pointed_out_with_the_nearest_one(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("LIVE_RATE=10\nPORT=8081\n", encoding="utf-8")

    (sentence,) = unknown_keys(env_file)

    assert sentence == f"LIVE_RATE: is no setting, and stands in {env_file}: write LIVE_RATE_HZ, or take it out"


def test_a_key_of_docker_compose_in_the_same_file_is_nobodys_mistake(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("COMPOSE_PROFILES=monitoring\nDOCKER_HOST=x\n", encoding="utf-8")

    assert unknown_keys(env_file) == []


def test_a_misspelt_variable_of_the_environment_is_told_where_only_we_begin_so(tmp_path: Path) -> None:
    (sentence,) = unknown_keys(tmp_path / "none", ["PATH", "SF_ORG_OF_ANOTHER_TOOL", "DATACLOUD_ENABLE"])

    assert sentence.startswith(
        "DATACLOUD_ENABLE: is no setting, and stands in the environment: write DATACLOUD_ENABLED"
    )


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "eighty", "PORT: is not a whole number: write digits only"),
        ("PORT", "70000", "PORT: is too large: it must be at most 65535"),
        ("LIVE_RATE_HZ", "0.5", "LIVE_RATE_HZ: is too small: it must be at least 1.0"),
        ("DATACLOUD_ENABLED", "perhaps", "DATACLOUD_ENABLED: is neither true nor false: write one of them"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: is none of the known words: write 'auto', 'text' or 'json'"),
        ("DATACLOUD_STATUS_OVERRIDES", "[1", "DATACLOUD_STATUS_OVERRIDES: must be a JSON object, such as"),
        ("RIGS", '[{"udp_port": 1}]', "RIGS[0].rig_id: is missing: every rig needs it"),
    ],
)
def test_every_mistake_says_what_to_do(monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str) -> None:
    monkeypatch.setenv(name, value)

    assert refused().startswith(line)


def test_what_is_wrong_has_its_default_so_that_the_rest_can_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("RIGS", "[{")
    monkeypatch.setenv("DATACLOUD_ENABLED", "true")

    settings, mistakes = read_settings(env_file=None)

    assert (settings.port, len(settings.rigs), settings.datacloud_enabled) == (8080, 2, True)
    assert list(mistakes) == ["RIGS", "PORT"]


def test_the_env_file_is_read(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=8081\n", encoding="utf-8")

    assert load_settings(env_file).port == 8081


def test_a_file_in_another_encoding_is_told_in_one_line(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes("DRIVER_A_NAME=Jörg\n".encode("latin-1"))

    with pytest.raises(BadSettings, match="is not UTF-8 text"):
        load_settings(env_file)


def test_an_empty_setting_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGS", "")

    assert len(load_settings(env_file=None).rigs) == 2


def test_the_example_file_says_the_defaults(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parent.parent / ".env.example"

    assert load_settings(example) == load_settings(env_file=None)
    assert unknown_keys(example) == []


def test_the_log_is_kept_beside_the_history_unless_it_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTORY_PATH", "/data/history.sqlite3")
    assert load_settings(env_file=None).log_folder == Path("/data/log")

    monkeypatch.setenv("LOG_DIR", "/var/log/rig")
    assert load_settings(env_file=None).log_folder == Path("/var/log/rig")


def test_several_words_stand_in_one_setting_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "wall.example, booth ,")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://screens.example:8443,http://[fd00::5]")
    monkeypatch.setenv("METRICS_ALLOW", "10.0.0.5,10.1.2.3/24")

    settings = load_settings(env_file=None)

    assert settings.allowed_hosts == ("wall.example", "booth")
    assert settings.allowed_origins == ("https://screens.example:8443", "http://[fd00::5]")
    assert settings.metrics_allow == ("10.0.0.5/32", "10.1.2.0/24")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ALLOWED_HOSTS", "https://wall.example", "without scheme and port"),
        ("ALLOWED_HOSTS", "*", "without scheme and port"),
        ("ALLOWED_ORIGINS", "wall.example", "origins such as"),
        ("ALLOWED_ORIGINS", "https://wall.example/", "without a path"),
        ("ALLOWED_ORIGINS", "null", "origins such as"),
        ("METRICS_ALLOW", "prometheus", "addresses or networks"),
        ("OPERATOR_TOKEN", "changethis", "24 to 512 characters"),
        ("METRICS_TOKEN", "with blanks in it, and yet long enough", "24 to 512 characters"),
    ],
)
def test_what_would_open_a_door_by_mistake_is_refused_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(BadSettings, match=f"^{name}: .*{complaint}") as refused:
        load_settings(env_file=None)

    assert f"'{value}'" not in str(refused.value)


def test_every_secret_that_is_set_is_named_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_TOKEN", "a-token-of-the-operators-own")
    monkeypatch.setenv("SF_CLIENT_ID", "the-consumer-key")

    assert set(load_settings(env_file=None).secrets()) == {"a-token-of-the-operators-own", "the-consumer-key"}
