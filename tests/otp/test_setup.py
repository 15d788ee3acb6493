"""The script that installs Erlang: as root, with sudo, or not at all and why."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).with_name("setup.sh")
APT = 'echo "apt-get $*" >> "$LOG"\n'
INSTALLS = APT + '[ "$1" = install ] && ln -s /bin/true "$BIN/escript"\ntrue\n'
SUDO = 'echo "sudo $*" >> "$LOG"\n[ "$1" = -n ] && shift\n"$@"\n'


class Machine:
    """A machine with nothing on its path but what a test puts there."""

    def __init__(self, home: Path) -> None:
        self.bin = home / "bin"
        self.bin.mkdir()
        self.log = home / "log"
        self.log.touch()
        self.has("id", "echo 1000")
        for name in ("true", "ln"):
            (self.bin / name).symlink_to(shutil.which(name) or "")

    def has(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}")
        path.chmod(0o700)

    def set_up(self) -> tuple[int, str, list[str]]:
        """Return the exit code, what it complained of, and what was run."""
        done = subprocess.run(
            ["/bin/sh", str(SETUP)],
            env={"PATH": str(self.bin), "LOG": str(self.log), "BIN": str(self.bin)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr, self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_there_is_left_alone(machine: Machine) -> None:
    machine.has("escript", "")
    machine.has("apt-get", APT)

    assert machine.set_up() == (0, "", [])


def test_root_needs_no_sudo(machine: Machine) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", INSTALLS)

    code, _, ran = machine.set_up()

    assert code == 0
    assert [line.split()[:2] for line in ran] == [
        ["apt-get", "update"],
        ["apt-get", "install"],
    ]
    assert ran[1].endswith("erlang-base")


def test_somebody_else_takes_sudo(machine: Machine) -> None:
    machine.has("sudo", SUDO)
    machine.has("apt-get", INSTALLS)

    code, _, ran = machine.set_up()

    assert code == 0
    assert [line for line in ran if line.startswith("sudo apt-get install")]


@pytest.mark.parametrize(
    ("has", "why"),
    [
        ({}, "no apt-get to install it with"),
        ({"apt-get": APT}, "takes root or sudo"),
        ({"apt-get": APT, "sudo": "false"}, "takes root or sudo"),
        ({"apt-get": "false", "sudo": SUDO}, "could not install erlang-base"),
        ({"apt-get": APT, "sudo": SUDO}, "yet there is no escript"),
    ],
)
def test_it_says_what_to_do_when_it_cannot(
    has: dict[str, str], why: str, machine: Machine
) -> None:
    for name, script in has.items():
        machine.has(name, script)

    code, complaint, _ = machine.set_up()

    assert code == 1
    assert why in complaint
    assert "erlang-base" in complaint
