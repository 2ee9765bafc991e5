"""Gate and watch as programs: only where streams are guarded, and each with what it needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.live.stage import PaperServer

from hakam.live.servers.at_work import Servers
from hakam.live.servers.server import MediaServer, Unreachable
from hakam.wiring import live_duties, media_servers, plugins, programs, watch
from hakam.wiring.settings import SettingError, Settings, settings

SERVER = {"name": "s-1", "kind": "signed", "platform": "forum"}


def home(tmp_path: Path, **written: Any) -> Settings:
    (tmp_path / "live.json").write_text(json.dumps({"servers": [SERVER], **written}))
    return replace(settings(), home=tmp_path)


def test_without_a_configuration_there_are_three_programs(tmp_path: Path) -> None:
    chosen = replace(settings(), home=tmp_path)
    assert [one.name for one in programs.programs(chosen)] == ["console", "door", "worker"]
    with pytest.raises(SettingError, match=r"live\.json is missing"):
        programs.run_gate(chosen)


def test_with_one_there_are_five(tmp_path: Path) -> None:
    chosen = home(tmp_path, host="::", port=9_999)
    found = {one.name: one for one in programs.programs(chosen)}
    assert set(found) == {"console", "door", "worker", "gate", "watch"}
    assert found["gate"].command[-1] == "gate"
    assert programs.watch_heartbeat_path(chosen) == tmp_path / "watch.json"


def test_one_that_can_not_be_used_is_told_before_anything_starts(tmp_path: Path) -> None:
    chosen = home(tmp_path, colour="red")
    with pytest.raises(SettingError, match="colour"):
        programs.programs(chosen)
    chosen = home(tmp_path, servers=[SERVER | {"kind": "owncast"}])
    with pytest.raises(SettingError, match="owncast"):
        programs.run_gate(chosen)


def test_the_servers_of_the_installation_are_found_by_name(tmp_path: Path) -> None:
    chosen = home(tmp_path)
    servers = Servers(chosen.home, media_servers.adapters(), lambda name: f"secret {name}")
    adapter, handle = servers.handle("s-1", "show", "7")
    assert (adapter.id, handle.stream, handle.session, handle.secret) == (
        "signed",
        "show",
        "7",
        "secret media-s-1",
    )
    with pytest.raises(Unreachable, match="any more"):
        servers.find("s-2")
    (chosen.home / "live.json").unlink()
    assert servers.configuration().servers == ()


def installed(monkeypatch: pytest.MonkeyPatch, made: Callable[[], MediaServer], name: str) -> None:
    """Let another distribution bring an adapter."""
    monkeypatch.setattr(plugins, "load", lambda group: {name: made} if group == plugins.MEDIA_SERVERS else {})
    media_servers.adapters.cache_clear()


def test_adapters_of_others_are_found_and_may_not_take_our_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plugins.MEDIA_SERVERS in plugins.GROUPS
    assert isinstance(EntryPoint("x", "y", plugins.MEDIA_SERVERS), EntryPoint)
    try:
        installed(monkeypatch, PaperServer, "paper")
        assert isinstance(media_servers.adapters()["paper"], PaperServer)
        installed(monkeypatch, PaperServer, "icecast")
        with pytest.raises(plugins.PluginError, match="icecast"):
            media_servers.adapters()
    finally:
        media_servers.adapters.cache_clear()


def test_a_console_is_ready_for_a_cut_where_streams_are_guarded_and_loads_nothing_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def ready(chosen: Settings) -> bool:
        monkeypatch.setattr(media_servers, "settings", lambda: chosen)
        media_servers.servers.cache_clear()
        media_servers.make_ready()
        return media_servers.servers.cache_info().currsize == 1

    try:
        assert not ready(replace(settings(), home=tmp_path))
        assert ready(home(tmp_path))
        installed(monkeypatch, PaperServer, "icecast")
        assert not ready(home(tmp_path))  # and the console starts
        assert "media servers can't be used" in caplog.text
    finally:
        media_servers.servers.cache_clear()
        media_servers.adapters.cache_clear()


@pytest.mark.django_db
def test_the_worker_s_duties_about_streams_run_on_an_empty_home(tmp_path: Path) -> None:
    chosen = home(tmp_path)
    found = live_duties.lanes(chosen)
    assert set(found) == {"live", "audience", "live events", "cuts", "recordings"}
    for lane in found.values():
        for task in lane:
            assert task.run(timezone.now()) == 0, task.name
    assert (tmp_path / "live" / "book.sqlite").exists()


@pytest.mark.django_db
def test_the_watch_turns_and_ends(tmp_path: Path) -> None:
    with watch.task(home(tmp_path)) as lanes:
        ((task,),) = lanes.values()
        assert task.run(timezone.now()) == 0
