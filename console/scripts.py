"""Which steps to say in a call, by profile; the words are in the catalogue (``script_texts.py``)."""

from console.texts import TEXTS
from outreach.desk import TaskCard
from schemas.decisions import TaskClass

SERVICE = "service"
"""The same in every profile: nothing is sold before it is mended."""
STEPS = (1, 2, 3)


def script_of(card: TaskCard) -> tuple[str, ...]:
    """The steps for this call; none for a profile without a script."""
    return steps_of(SERVICE if card.task.task_class is TaskClass.SERVICE else card.profile)


def steps_of(name: str) -> tuple[str, ...]:
    """The steps of a script by its name; none where there is no such script."""
    keys = [f"script.{name}.{step}" for step in STEPS]
    return tuple(TEXTS[key] for key in keys if key in TEXTS)
