"""What is looked at before anything is opened [edge]: settings, files and folders, all mistakes told at once.

Somebody who mends a configuration mends it in one go: spelling, types, Data Cloud's settings and places on the disk
stand in one list. Nothing is made or changed here; that a port or an outbox is in use shows only when it is opened.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from app.datacloud.config import cloud_config
from app.log import configure, keep_secret
from app.settings import ENV_FILE, BadSettings, Settings, read_settings, unknown_keys
from app.targets import targets_of

EXIT_MISTAKEN: Final = 2


def begin() -> Settings:
    """What every start begins with: settings that were looked at, and a log.

    Raises:
        SystemExit: With code 2, and every mistake on stderr.
    """
    try:
        settings = checked_settings()
    except BadSettings as refused:
        sys.stderr.write(f"The configuration cannot be used:\n{refused}\n")
        raise SystemExit(EXIT_MISTAKEN) from None
    configure(settings.log_level, settings.log_format, settings.log_folder, settings.log_keep_mb)
    keep_secret(*settings.secrets())
    return settings


def checked_settings(env_file: Path | str = ENV_FILE, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, which a gateway can start with as far as can be told beforehand.

    Args:
        env_file: Need not exist.
        environment: What to look for misspelt names in; the process's own without it.

    Raises:
        BadSettings: With one line per mistake: the setting, what is wrong, what to do; no values but paths.
    """
    settings, lines = mistakes(env_file, environment)
    if lines:
        raise BadSettings("\n".join(lines))
    return settings


def mistakes(
    env_file: Path | str = ENV_FILE, environment: Mapping[str, str] | None = None
) -> tuple[Settings, list[str]]:
    """The settings of this process, with defaults for what is wrong, and a line per mistake."""
    settings, wrong = read_settings(env_file)
    lines = [line for told in wrong.values() for line in told.splitlines()]
    lines += unknown_keys(env_file, os.environ if environment is None else environment)
    told_of = {_setting(line) for line in lines}
    deeper = (*_cloud(settings), *_targets(settings), *_places(settings))
    lines += [line for line in deeper if _setting(line) not in told_of]
    return settings, lines


def _setting(line: str) -> str:
    """Which setting a line is about."""
    return line.partition(":")[0].partition("[")[0]


def _cloud(settings: Settings) -> list[str]:
    """What is wrong with Data Cloud's settings, where it is switched on."""
    if settings.datacloud_enabled:
        try:
            cloud_config(settings)
        except BadSettings as wrong:
            return str(wrong).splitlines()
    return []


def _targets(settings: Settings) -> Iterable[str]:
    """What is wrong with the places that datagrams are passed on to."""
    for rig in settings.rigs:
        try:
            targets_of(rig, settings)
        except BadSettings as wrong:
            yield from str(wrong).splitlines()


def _places(settings: Settings) -> Iterable[str]:
    """What is wrong with the files and folders that are written to."""
    files = {"HISTORY_PATH": Path(settings.history_path), "SOURCES_PATH": Path(settings.sources_path)}
    if _same(*files.values()):
        yield "SOURCES_PATH: is the same file as HISTORY_PATH: give each its own"
    if settings.datacloud_enabled:
        files["DATACLOUD_OUTBOX_PATH"] = Path(settings.datacloud_outbox_path)
        if _same(files["HISTORY_PATH"], files["DATACLOUD_OUTBOX_PATH"]):
            yield "DATACLOUD_OUTBOX_PATH: is the same file as HISTORY_PATH: give each its own"
    if not settings.operator_token.get_secret_value() and not os.path.exists(settings.operator_token_path):
        files["OPERATOR_TOKEN_PATH"] = Path(settings.operator_token_path)
    for setting, file in files.items():
        yield from (f"{setting}: {wrong}" for wrong in _file_mistake(file))
    if settings.record_dir:
        yield from (f"RECORD_DIR: {wrong}" for wrong in _folder_mistake(Path(settings.record_dir)))
    if settings.log_keep_mb and settings.log_dir:
        yield from (f"LOG_DIR: {wrong}" for wrong in _folder_mistake(Path(settings.log_dir)))


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()


def _file_mistake(file: Path) -> Iterable[str]:
    if os.path.isdir(file):
        yield f"{file} is a folder: name a file in it"
    elif os.path.exists(file) and not os.access(file, os.R_OK | os.W_OK):
        yield f"{file} may not be written by this user: give it to them, or name another file"
    else:
        yield from _folder_mistake(file.parent)


def _folder_mistake(folder: Path) -> Iterable[str]:
    """Why files cannot be made in a folder; it need not exist, if it can be made. Path's own questions may raise."""
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.exists(place))
    if not os.path.isdir(there):
        yield f"{there} is no folder: name a place in a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        what = f"{there} may not be written" if there == folder else f"{folder} does not exist, and cannot be made"
        yield f"{what} by this user, or its disk is read-only: make it writable, or name another place"
