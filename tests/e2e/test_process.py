"""The life of the process: console, lock, signals, faults, reload."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import trio

from rookery.control import Platforms, Reload, Tree, socket_address
from tests.e2e.conftest import (
    CONFIG,
    HOME,
    HostProcess,
    OneBot,
    Start,
    dialled,
    eventually,
    free_port,
)

TERMINAL = """\
[bots.demo]
use = "rookery.demo:bot"
[platforms.terminal]
type = "console"
"""
HELLO = """\
from rookery import Bot, Context
bot = Bot("hello")

@bot.command("hello")
async def hello(ctx: Context) -> None:
    await ctx.reply("{said}")
"""
SAW = """\
import trio
from actors.kernel.turn import current
from rookery import Bot, Context
bot = Bot("saw")

@bot.command("saw")
async def saw(ctx: Context) -> None:
    core = current.get().cell.system.find("/core").cell
    while True:
        if core.incarnation is not None:
            core.incarnation.kill()
        await trio.sleep(0.01)
"""


async def test_piped_input_is_answered_and_its_end_is_not_the_hosts(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    host = start()
    host.say("/ping")
    host.stdin.close()

    assert await host.read_line() == "pong"
    ended = await host.until("session.ended")
    assert ended["kind"] == "Finished"
    told = await host.rookery("platforms", "--json")
    [terminal] = json.loads(told.stdout)["platforms"]
    assert terminal["accounts"][0]["state"].startswith("finished")
    assert await host.leave() == 0


async def test_replies_and_logs_do_not_mix(start: Start, tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    host = start()
    await host.until("host.started")
    host.say("/echo hello")

    assert await host.read_line() == "hello"
    assert await host.leave() == 0
    for line in host.text().splitlines():
        assert {"ts", "level", "event"} <= json.loads(line).keys()


async def test_without_a_file_it_says_so_and_what_to_do_next(
    start: Start, tmp_path: Path
) -> None:
    host = start()
    started = await host.until("host.started")

    assert started["configuration"] == "built-in default"
    hints = " ".join(map(str, started["hints"]))  # type: ignore[call-overload]  # a list
    for word in ("no rookery.toml", "/help", "127.0.0.1:6700", "rookery new bot"):
        assert word in hints
    host.say("/ping")
    assert await host.read_line() == "pong"
    assert (tmp_path / "rookery-data").is_dir()
    assert await host.leave(signal.SIGINT) == 0


async def test_a_second_host_is_told_the_pid_of_the_first(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    first = start()
    await first.until("host.started")

    second = await first.rookery("run")

    assert second.returncode == 2
    assert f"pid {first.process.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1
    first.say("/ping")
    assert await first.read_line() == "pong"


async def test_a_host_that_was_killed_is_no_obstacle(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    first = start()
    await first.until("host.started")
    assert await first.leave(signal.SIGKILL) == -signal.SIGKILL
    assert (tmp_path / "rookery-data" / "control.sock").exists()

    second = start()
    await second.until("host.started", 2)

    assert await second.ask(Tree())


async def test_a_second_signal_leaves_now(start: Start, tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + '[bots.stuck]\nuse = "stuck.py:bot"\n'
    )
    (tmp_path / "stuck.py").write_text(
        "import time\n"
        + HELLO.replace("await ctx.reply", "time.sleep(1000); (").replace(
            '("{said}")', '"{said}")'
        )
    )
    host = start()
    await host.until("host.started")
    host.say("/hello")
    await host.until("loop.blocked")

    host.process.send_signal(signal.SIGTERM)
    await trio.sleep(0.2)
    assert host.process.poll() is None
    assert await host.leave() == 1


async def test_when_the_root_gives_up_the_process_ends_with_70(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + '[bots.saw]\nuse = "saw.py:bot"\n'
    )
    (tmp_path / "saw.py").write_text(SAW)
    host = start()
    await host.until("host.started")
    host.say("/saw")

    assert await host.gone() == 70
    assert host.logged("host.gave_up")


async def test_ten_mistakes_are_ten_lines_and_nothing_starts(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        """
        color = "blue"
        [host]
        data = 5
        durability = "forever"
        [operators]
        qq = [10001]
        [bots.demo]
        use = "nonsense"
        [bots.none]
        [platforms.qq]
        type = "onebot11"
        mode = "sideways"
        access_token = { env = "ROOKERY_NO_SUCH_VARIABLE" }
        [platforms.out]
        type = "onebot11"
        mode = "forward"
        [platforms.icq]
        type = "icq"
        """
    )
    done = await trio.to_thread.run_sync(_run, tmp_path)

    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "color",
        "host.data",
        "host.durability",
        "bots.demo.use",
        "bots.none.use",
        "platforms.qq.mode",
        "platforms.qq.access_token",
        "platforms.out.url",
        "platforms.icq.type",
        "operators.qq[0]",
    ]
    for line in lines:
        assert ": expected " in line
        assert ", got " in line
    assert not (tmp_path / "rookery-data").exists()


async def test_a_bot_that_cannot_be_imported_costs_nobody_else(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + '[bots.mine]\nuse = "mine.py:bot"\n'
    )
    mine = tmp_path / "mine.py"
    mine.write_text("import a_module_that_is_not_there\n")
    host = start()
    await host.until("host.started")
    host.say("/ping")
    assert await host.read_line() == "pong"

    tree = await host.rookery("tree")
    assert "bots.mine: mine.py:bot: ModuleNotFoundError" in tree.stdout
    again = await host.rookery("reload")
    assert again.returncode == 1
    assert "bots.mine: mine.py:bot: ModuleNotFoundError" in again.stdout

    mine.write_text(HELLO.format(said="at last"))
    assert (await host.ask(Reload()))["faults"] == []
    host.say("/hello")
    assert await host.read_line() == "at last"
    assert (await host.ask(Tree()))["problems"] == []


async def test_from_the_default_to_a_bot_of_ones_own(
    start: Start, tmp_path: Path
) -> None:
    """What `rookery run` and `rookery new bot` say to do next works when it is done."""
    host = start()
    await host.until("host.started")

    new = await host.rookery("new", "bot", "weather")
    assert new.returncode == 0
    toml = new.stdout[new.stdout.index("[host]") :]
    (tmp_path / "rookery.toml").write_text(toml)
    assert (await host.rookery("check", "rookery.toml")).returncode == 0
    reload = await host.rookery("reload")

    assert reload.returncode == 0, reload.stdout + reload.stderr
    assert "added weather" in reload.stdout
    host.say("/hello Ada")
    assert await host.read_line() == "Hello, Ada!"
    host.say("/hello")
    assert await host.read_line() == "Hello, world!"
    host.say("/ping")
    assert await host.read_line() == "pong"


async def test_a_module_that_leaves_the_process_does_not(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + '[bots.mine]\nuse = "mine.py:bot"\n'
    )
    (tmp_path / "mine.py").write_text("raise SystemExit(3)\n")
    host = start()
    await host.until("host.started")

    host.say("/ping")
    assert await host.read_line() == "pong"


async def test_a_module_that_hangs_keeps_nobody_waiting(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        '[bots.hung]\nuse = "hung.py:bot"\n' + TERMINAL
    )
    (tmp_path / "hung.py").write_text("import time\ntime.sleep(1000)\n")
    host = start()
    host.say("/ping")

    assert await host.read_line() == "pong"
    assert not host.logged("host.started")
    assert await host.leave() == 0


async def test_a_reload_keeps_the_old_bot_until_the_new_one_works(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + '[bots.mine]\nuse = "mine.py:bot"\n'
    )
    mine = tmp_path / "mine.py"
    mine.write_text(HELLO.format(said="old"))
    host = start()
    await host.until("host.started")

    mine.write_text(HELLO.format(said="broken")[:-5])
    failed = await host.rookery("reload")
    assert failed.returncode == 1
    assert "SyntaxError" in failed.stdout
    host.say("/hello")
    assert await host.read_line() == "old"

    mine.write_text(HELLO.format(said="new"))
    host.process.send_signal(signal.SIGHUP)
    await host.until("config.applied", 2)
    host.say("/hello")
    assert await host.read_line() == "new"


async def test_a_reload_adds_changes_and_removes(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "rookery.toml"
    first, second = free_port(), free_port()
    file.write_text(TERMINAL)
    host = start()
    await host.until("host.started")

    file.write_text(TERMINAL + _onebot(first))
    assert (await _reload(host))["platforms"]["added"] == ["qq"]
    await eventually(lambda: _listens(first), "the port", host)

    file.write_text(TERMINAL + _onebot(second))
    assert (await _reload(host))["platforms"]["changed"] == ["qq"]
    await eventually(lambda: _listens(second), "the other port", host)
    assert not _listens(first)

    file.write_text(TERMINAL.partition("[platforms")[2].join(["[platforms", ""]))
    said = await _reload(host)
    assert said["bots"]["removed"] == ["demo"]
    assert said["platforms"]["removed"] == ["qq"]
    assert not _listens(second)
    tree = json.dumps(await host.ask(Tree()))
    assert "demo" not in tree
    assert "qq" not in tree


async def test_a_reload_of_a_faulty_file_changes_nothing(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "rookery.toml"
    file.write_text(TERMINAL)
    host = start()
    await host.until("host.started")

    for text, said in (
        ("[bots.demo]\nuse = 5\n[bost]\n", "bost: expected"),
        (TERMINAL + '[host]\ndata = "elsewhere"\n', "host.data: expected"),
    ):
        file.write_text(text)
        refused = await host.rookery("reload", "--data", "rookery-data")
        assert refused.returncode == 2
        assert said in refused.stderr
    # A SIGHUP has nobody to tell but the log.
    assert len(host.logged("config.refused")) == 2
    file.unlink()  # as some editors do for a moment: nobody asked for the default
    refused = await host.rookery("reload", "--data", "rookery-data")
    assert refused.returncode == 2
    assert "rookery.toml: expected a file that can be read" in refused.stderr

    host.say("/ping")
    assert await host.read_line() == "pong"


async def test_new_operators_count_at_once(start: Start, tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "rookery.toml"
    file.write_text(CONFIG.format(port=port))
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        assert not await _sees_the_tree(peer, 15)
        file.write_text(CONFIG.format(port=port).replace('"14"', '"15"'))
        assert (await host.ask(Reload()))["faults"] == []
        assert await _sees_the_tree(peer, 15)
        assert not await _sees_the_tree(peer, 14)


async def test_a_taken_port_is_the_matter_of_its_platform(
    start: Start, tmp_path: Path
) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        (tmp_path / "rookery.toml").write_text(TERMINAL + _onebot(port))
        host = start()
        await host.until("host.started")

        host.say("/ping")
        assert await host.read_line() == "pong"

        async def state() -> str:
            told = await host.ask(Platforms())
            listed = told["platforms"]
            assert isinstance(listed, list)
            [qq] = [each for each in listed if each["id"] == "qq"]
            return str(qq["state"])

        with trio.fail_after(30):
            seen = ""
            while not seen.startswith("backing_off"):
                seen = await state()
        assert "port taken" in seen

    await eventually(lambda: _listens(port), "the port once it was free", host)


async def test_the_control_socket_is_ours_alone_and_survives_nonsense(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    host = start()
    await host.until("host.started")
    path = tmp_path / "rookery-data" / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    for line in (b"\x00\xff\n", b"[[[[", b"{}\n" * 100):
        with socket_address(path.parent) as address, socket.socket(socket.AF_UNIX) as s:
            s.connect(address)
            s.sendall(line)

    sent = await host.rookery("send", "terminal/local/private:console", "good morning")
    assert (sent.returncode, sent.stderr) == (0, "")
    assert await host.read_line() == "good morning"
    nowhere = await host.rookery("send", "irc/me/channel:x", "hello")
    assert nowhere.returncode == 1
    assert "there is no platform 'irc' here" in nowhere.stderr
    wrong = await host.rookery("send", "somewhere", "hello")
    assert wrong.returncode == 2
    assert "PLATFORM/ACCOUNT/KIND:CHAT" in wrong.stderr


async def test_systemd_hears_of_it(start: Start, tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "n"))
        systemd.settimeout(30)
        env = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "200000"}
        host = start(env=env)
        heard = [await trio.to_thread.run_sync(systemd.recv, 100) for _ in range(4)]
        assert b"READY=1" in heard
        assert b"WATCHDOG=1" in heard
        assert await host.leave() == 0
        systemd.setblocking(False)
        rest = []
        try:
            while True:
                rest.append(systemd.recv(100))
        except BlockingIOError:
            pass
    assert b"STOPPING=1" in rest


async def _reload(host: HostProcess) -> dict[str, dict[str, list[str]]]:
    result = await host.ask(Reload())
    assert result.pop("faults") == []
    return result  # type: ignore[return-value]  # the rest is one table a kind


def _onebot(port: int) -> str:
    return f'[platforms.qq]\ntype = "onebot11"\nlisten = "127.0.0.1:{port}"\n'


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


async def _sees_the_tree(peer: OneBot, user: int) -> bool:
    await peer.event("/tree", user=user, group=user)
    await peer.event("/ping", user=user, group=user)
    heard = [await peer.hear()]
    while heard[-1] != "pong":
        heard.append(await peer.hear())
    return "root" in heard[0]


def _run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rookery", "run"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
