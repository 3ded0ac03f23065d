"""The supervisor with small programs: names, restarts, giving up, and an end that leaves nobody behind."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config import supervisor
from config.supervisor import Console, Program, ProgramKeepsEnding, Supervisor

PATIENCE = 30.0


def python(name: str, source: str, **more: object) -> Program:
    return Program(name, [sys.executable, "-c", source], **more)  # type: ignore[arg-type]


class Stage:
    """Runs programs and remembers what they said."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.supervisors: list[Supervisor] = []

    def play(self, *programs: Program) -> Supervisor:
        console = Console(self.out, [program.name for program in programs])
        self.supervisors.append(Supervisor(programs, os.environ, console))
        self.supervisors[-1].start()
        return self.supervisors[-1]

    def until(self, condition: Callable[[], bool], look: Callable[[], None] = lambda: None) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            look()
            assert time.monotonic() < deadline, self.out.getvalue()
            time.sleep(0.02)

    def said(self) -> list[str]:
        return self.out.getvalue().splitlines()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(supervisor, "FIRST_WAIT", 0.01)
    stage = Stage()
    yield stage
    for running in stage.supervisors:
        running.kill()


def test_each_line_carries_its_name(stage: Stage) -> None:
    running = stage.play(python("web", "print('one'); print('two')"), python("worker", "print('\\xe9')"))
    stage.until(lambda: len(stage.said()) >= 3)
    running.stop()
    assert {"web    | one", "web    | two", "worker | é"} <= set(stage.said())


def test_colours_only_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, file = Terminal(), io.StringIO()
    Console(screen, ["web"]).line("web", "hello")
    Console(file, ["web"]).line("web", "hello")
    assert "\x1b[36mweb |\x1b[0m hello" in screen.getvalue()
    assert file.getvalue() == "web | hello\n"


def test_a_program_that_ends_is_started_again(stage: Stage, tmp_path: Path) -> None:
    source = f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); import time, sys; time.sleep(0.1); sys.exit(3)"
    running = stage.play(python("worker", source))
    stage.until(lambda: (tmp_path / "runs").exists() and len((tmp_path / "runs").read_text()) >= 2, running.look)
    assert any(line.startswith("worker | ended (exit code 3); starting it again in") for line in stage.said())


def test_a_program_that_keeps_ending_ends_everything(stage: Stage) -> None:
    steady = python("web", "import time; time.sleep(600)")
    running = stage.play(steady, python("worker", "import sys; sys.exit('no broker')"))
    with pytest.raises(ProgramKeepsEnding, match=r"worker ended 5 times in a row \(exit code 1\)"):
        stage.until(lambda: False, running.look)
    assert stage.said().count("worker | no broker") >= 4
    running.stop()
    assert running.children[0].process is not None and running.children[0].process.returncode == -signal.SIGTERM


def test_a_program_that_runs_once_is_not_started_again(stage: Stage) -> None:
    running = stage.play(python("web", "import time; time.sleep(600)"))
    running.add(python("demo", "print('done')", once=True))
    stage.until(lambda: "demo | done" in stage.said(), running.look)
    for _ in range(20):
        running.look()
        time.sleep(0.01)
    assert stage.said().count("demo | done") == 1


def test_one_that_will_not_go_is_killed_with_its_children(stage: Stage) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True);"
        "time.sleep(600)"
    )
    running = stage.play(python("worker", stubborn, stop=((signal.SIGTERM, 0.2),)))
    stage.until(lambda: bool(stage.said()))
    grandchild = int(stage.said()[0].split()[-1])
    running.stop()
    assert running.children[0].process is not None and running.children[0].process.returncode == -signal.SIGKILL
    stage.until(lambda: not alive(grandchild))


def test_a_harder_signal_follows_when_the_first_is_not_enough(stage: Stage) -> None:
    source = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "signal.signal(signal.SIGQUIT, lambda *_: sys.exit(7)); print('set', flush=True); time.sleep(600)"
    )
    running = stage.play(python("worker", source, stop=((signal.SIGTERM, 0.2), (signal.SIGQUIT, PATIENCE))))
    stage.until(lambda: bool(stage.said()))
    running.stop()
    assert running.children[0].process is not None and running.children[0].process.returncode == 7


def test_running_once_gives_the_exit_code_and_all_lines(stage: Stage) -> None:
    running = stage.play()
    program = python("setup", "for n in range(200): print(n)\nraise SystemExit(4)")
    assert running.run_once(program, threading.Event()) == 4
    assert stage.said()[-1].endswith("| 199")


def test_running_once_ends_when_asked_to_stop(stage: Stage) -> None:
    stop = threading.Event()
    stop.set()
    assert stage.play().run_once(python("setup", "import time; time.sleep(600)"), stop) == -signal.SIGTERM


def alive(pid: int) -> bool:
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
