"""SIGTERM: every process is out within ten seconds, whether the brokers are there or not."""

import time

from ops.kafka_local import free_ports
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

BAR_SECONDS = 10
COMMANDS = ("worker", "desk", "tick", "console")
DOWN_SECONDS = 8


def test_sigterm_with_brokers_and_without(stage: Stage, row: Figures) -> None:
    with row("SIGTERM") as figures:
        console = {"RINGAHEAD_CONSOLE_PORT": str(free_ports(1)[0])}
        stage.begin()
        for down in (False, True):
            for command in COMMANDS:
                if command not in stage.processes:
                    stage.start(command, environment=console)
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
