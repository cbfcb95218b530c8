"""SIGTERM: every process is out within ten seconds, whether the brokers are there or not."""

import time

from ops.kafka_local import free_ports
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.installation import wait_until

BAR_SECONDS = 10
COMMANDS = {"worker": "worker ", "desk": "desk on", "tick": "business time is", "console": "Console: "}
"""And what each says when it has begun."""
DOWN_SECONDS = 8


def test_sigterm_with_brokers_and_without(stage: Stage, row: Figures) -> None:
    with row("SIGTERM") as figures:
        console = {"RINGAHEAD_CONSOLE_PORT": str(free_ports(1)[0])}
        stage.begin()
        for down in (False, True):
            for command in COMMANDS:
                if command not in stage.processes:
                    stage.start(command, environment=console)
            for command, word in COMMANDS.items():
                wait_until(lambda c=command, w=word: w in stage.processes[c].said(), f"{command} at work", 240)
            stage.load.send(stage.story.days(1))
            stage.settle()
            if down:
                stage.kafka.stop()
                time.sleep(DOWN_SECONDS)
            for command in COMMANDS:
                code, seconds = stage.processes.pop(command).stop()
                figures.faults += 1
                figures.bar(f"{command}, brokers {'down' if down else 'up'}", seconds, BAR_SECONDS)
                assert code == 0, f"{command} left with {code}\n{stage.said()}"
        stage.kafka.start()
        stage.start("worker")
        stage.start("desk")
        stage.load.send(stage.story.days(1))
        judge(stage, figures)
