"""What there is against what must be: counted, and put into the row."""

from collections import Counter
from dataclasses import dataclass, field

import rocksdict

from schemas.topics import Topic
from streams.kafka.names import CHANGELOG
from streams.microbatch.store import LocalStore
from tests.comparing import Work, whole_topic, work
from tests.faults.model import Model, fold_log
from tests.faults.report import Row
from tests.faults.stage import Stage


@dataclass(slots=True)
class Verdict:
    """Counts of what is wrong."""

    lost_events: int = 0
    wrong_states: int = 0
    lost_effects: int = 0
    lost_tasks: int = 0
    wrong_tasks: int = 0
    repeated_effects: int = 0
    duplicate_tasks: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Everything that is missing or not as it must be."""
        return self.lost_events + self.wrong_states + self.lost_effects + self.lost_tasks + self.wrong_tasks

    @property
    def duplicate(self) -> int:
        """Everything that is there once too often."""
        return self.repeated_effects + self.duplicate_tasks


def judge(stage: Stage, row: Row, *, effects_once: bool = True, local: str | None = "worker") -> Verdict:
    """Wait until everything has caught up, compare with the model, and fill the row. Fails on any difference.

    effects_once: False where a fold begins anew and says its effects again, which the desk recognises.
    local: the worker that has all partitions now; it is stopped, and its local state is compared, too.
    """
    stage.settle()
    stage.effects_once &= effects_once
    settings = stage.settings
    model = fold_log(whole_topic(settings, Topic.LOG.value), stage.story.artefacts(), settings)
    verdict = Verdict(lost_events=len(stage.load.ids - model.events))
    verdict.examples += sorted(stage.load.ids - model.events)[:3]
    _states(stage, model, verdict)
    if local is not None:
        _local_states(stage, local, model, verdict)
    _effects(stage, model, verdict, stage.effects_once)
    _tasks(model.tasks, work(stage.store, settings), verdict)
    row.events, row.rate = len(model.events), round(stage.load.reached_rate)
    row.lost, row.duplicate = verdict.lost, verdict.duplicate
    row.more |= {"accounts": len(model.states), "tasks": len(model.tasks[0])}
    if model.repeats:
        row.more["sent again"] = model.repeats
    if stage.crashes:
        row.more["restarts"] = stage.crashes
    assert model.tasks[0], "the story has opened no task: nothing was tested"
    assert (verdict.lost, verdict.duplicate) == (0, 0), f"{verdict}\n{stage.said()}"
    return verdict


def _states(stage: Stage, model: Model, verdict: Verdict) -> None:
    table = {record.key: record.value for record in whole_topic(stage.settings, CHANGELOG)}
    found = {key: value for key, value in table.items() if (key or b"").startswith(b"a:") and value is not None}
    wrong = [key for key in model.states.keys() | found.keys() if model.states.get(key) != found.get(key)]
    verdict.wrong_states = len(wrong)
    verdict.examples += [str(key) for key in wrong[:3]]


def _local_states(stage: Stage, name: str, model: Model, verdict: Verdict) -> None:
    code, seconds = stage.processes[name].stop()
    assert code == 0, f"{name} left with {code} after {seconds:.1f} s\n{stage.said()}"
    found: dict[bytes, bytes] = {}
    for folder in sorted((stage.local_state(name) / "state").iterdir()):
        store = LocalStore.open(folder, rocksdict.Cache(1 << 20))
        found.update(store.items(b"a:"))
        store.close()
    wrong = [key for key in model.states.keys() | found.keys() if model.states.get(key) != found.get(key)]
    verdict.wrong_states += len(wrong)
    verdict.examples += [f"locally {key!r}" for key in wrong[:3]]


def _effects(stage: Stage, model: Model, verdict: Verdict, once: bool) -> None:
    found = Counter(record.value or b"" for record in whole_topic(stage.settings, Topic.NEEDS.value))
    lost = model.effects - found
    verdict.lost_effects = lost.total()
    verdict.examples += [str(raw)[:300] for raw in list(lost)[:2]]
    if once:
        verdict.repeated_effects = (found - model.effects).total()


def _tasks(wanted: Work, found: Work, verdict: Verdict) -> None:
    """Tasks by id; refusals and reorders as a whole."""
    must, has = ({str(task[0]): task for task in tasks[0]} for tasks in (wanted, found))
    verdict.lost_tasks = len(must.keys() - has.keys())
    verdict.duplicate_tasks = len(has.keys() - must.keys()) + len(found[0]) - len(has)
    differing = [(must[one], has[one]) for one in must.keys() & has.keys() if must[one] != has[one]]
    verdict.wrong_tasks = len(differing) + sum(a != b for a, b in zip(wanted[1:], found[1:], strict=True))
    verdict.examples += [f"{a} != {b}" for a, b in differing[:2]]
