"""Keeps a few programs running as one: their lines under their names, a restart when one ends, one end for all.

No Django here. Everything that makes a process happens in the main thread, because on Linux the kernel ends a child
together with the thread that made it.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

from config.processes import SUPERVISOR, die_with_parent, end_process, kill_group

TICK = 0.1  # seconds between two looks at the children
FIRST_WAIT = 1.0  # seconds before the first restart; doubled each time, up to LONGEST_WAIT
LONGEST_WAIT = 30.0
STEADY = 60.0  # seconds after which a program counts as steady, and its deaths are forgotten
MOST_DEATHS = 5  # in a row; then everything ends
COLOURS = ("36", "33", "35", "32", "34", "31")


class ProgramKeepsEnding(Exception):
    """A program ended time and again. The message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Program:
    """What to run. `stop` lists the signals that end it, each with its seconds before the next, harder one."""

    name: str
    command: Sequence[str]
    stop: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0),)
    orphan_signal: signal.Signals = signal.SIGTERM  # what the kernel sends when the supervisor itself is killed
    once: bool = False  # ends by itself, and is not started again


class Console:
    """Writes whole lines, each with the name of who said it; in colour only on a terminal."""

    def __init__(self, out: TextIO, names: Sequence[str]):
        self.out = out
        self.width = max(map(len, names), default=0)
        self.colour = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)} if out.isatty() else {}
        self.lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        label = f"{name:<{self.width}} |"
        if code := self.colour.get(name):
            label = f"\x1b[{code}m{label}\x1b[0m"
        self.say(f"{label} {text}")

    def say(self, text: str) -> None:
        # A reader that went away (`make run | head`) must not end the programs.
        with self.lock, suppress(OSError, ValueError):
            self.out.write(f"{text}\n")
            self.out.flush()

    def follow(self, name: str, process: subprocess.Popen[bytes]) -> threading.Thread:
        """Copy the lines of a process in the background until it closes its output."""
        thread = threading.Thread(target=self._copy, args=(name, process), daemon=True, name=f"lines of {name}")
        thread.start()
        return thread

    def _copy(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.line(name, line.decode("utf-8", errors="replace").rstrip())


@dataclass
class Running:
    """One program, and what happened to it."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    restart_at: float = 0.0
    readers: list[threading.Thread] = field(default_factory=list)


class Supervisor:
    """Runs programs with one environment until `stop`. Not thread-safe: one thread starts, watches and stops."""

    def __init__(self, programs: Sequence[Program], environment: Mapping[str, str], console: Console):
        self.environment = {**environment, "PYTHONUNBUFFERED": "1", SUPERVISOR: str(os.getpid())}
        self.console = console
        self.children = [Running(program) for program in programs]

    def start(self) -> None:
        for child in self.children:
            self._start(child)

    def add(self, program: Program) -> None:
        """Start one more program."""
        self.children.append(Running(program))
        self._start(self.children[-1])

    def look(self) -> None:
        """Restart what has ended, after a wait that doubles. Raises ProgramKeepsEnding when that does not help."""
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.restart_at:
                    self._start(child)
            elif child.process.poll() is not None and not child.program.once:
                self._bury(child, now)

    def run_once(self, program: Program, stop: threading.Event) -> int:
        """Run a program to its end under its name and return its exit code; when `stop` is set, end it."""
        child = Running(program)
        self._start(child)
        assert child.process is not None
        while child.process.poll() is None and not stop.wait(TICK):
            pass
        end_process(child.process, signal.SIGTERM, 5)
        for reader in child.readers:
            reader.join(2)
        return int(child.process.returncode)

    def stop(self) -> None:
        """End all at the same time: each gets its first signal at once, the harder ones when its time is over."""
        alive = [child for child in self.children if child.process is not None]
        enders = [threading.Thread(target=_end, args=(child,)) for child in alive]
        for thread in enders:
            thread.start()
        for thread in enders:
            thread.join()
        for reader in (reader for child in alive for reader in child.readers):
            reader.join(2)

    def kill(self) -> None:
        """End all without waiting."""
        for child in self.children:
            if child.process is not None:
                end_process(child.process, signal.SIGKILL, 5)

    def _start(self, child: Running) -> None:
        process = subprocess.Popen(
            child.program.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C reaches the supervisor alone, which then ends them in order
            preexec_fn=die_with_parent(child.program.orphan_signal),
        )
        child.process, child.started = process, time.monotonic()
        child.readers = [self.console.follow(child.program.name, process)]

    def _bury(self, child: Running, now: float) -> None:
        assert child.process is not None
        name, code = child.program.name, child.process.returncode
        kill_group(child.process)  # its own children would hold the port
        child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
        if child.deaths >= MOST_DEATHS:
            raise ProgramKeepsEnding(f"{name} ended {child.deaths} times in a row ({how(code)}): its lines say why.")
        wait = min(FIRST_WAIT * 2 ** (child.deaths - 1), LONGEST_WAIT)
        child.process, child.restart_at = None, now + wait
        self.console.line(name, f"ended ({how(code)}); starting it again in {wait:.0f} s")


def how(code: int) -> str:
    """An exit code in words."""
    if code < 0:
        with suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _end(child: Running) -> None:
    process = child.process
    assert process is not None
    for stop_signal, seconds in child.program.stop:
        with suppress(ProcessLookupError):
            process.send_signal(stop_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            break
    end_process(process, signal.SIGKILL, 0)


def stop_on_signals(stop: threading.Event) -> None:
    """SIGINT, SIGTERM and SIGHUP ask for an orderly end; a second Ctrl-C ends at once."""

    def ask(number: int, frame: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            sys.exit(130)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask)
