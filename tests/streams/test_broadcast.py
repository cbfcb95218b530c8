"""What concerns every account of a partition: time, models, profiles, products, rates, and who is judged when."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from forecasting.history import order_days_of
from forecasting.learn import fit_population, prior_model
from outreach.profiles import ProfileSet
from schemas.errors import DeadLetterReason, Unavailable
from schemas.events.orders import OrderChanged
from schemas.events.ours import ModelPublished, PhaseChanged, ProductChanged, ProfilesChanged, RatesChanged, TimePassed
from schemas.needs import ClockMoved
from streams.codec import encode_partition
from streams.core.broadcast import REMEMBERED_RATE_DAYS, fold_broadcast
from streams.microbatch.ports import Record
from streams.state import Partition
from streams.workspace import PARTITION_KEY
from tests.streams import harness
from tests.streams.harness import START, in_force, said, tick
from tests.streams.scene import DAY, Scene, of, opened, placed


class TestTime:
    """Business time is an input and only moves forward."""

    def test_the_desk_hears_of_every_move(self) -> None:
        scene = Scene()
        (clock,) = of(ClockMoved, scene.pass_time(hours=3))
        assert clock.as_of == START + timedelta(hours=3)
        assert (clock.model_version, clock.profiles_version) == (harness.in_force()[0].fact.version, "tests-1")  # type: ignore[attr-defined]

    def test_it_never_goes_back(self) -> None:
        scene = Scene()
        (clock,) = of(ClockMoved, scene.hear(tick(START - DAY)))
        assert clock.as_of == START

    def test_the_same_tick_twice_is_one(self) -> None:
        scene = Scene()
        assert scene.hear(tick(START)) == []


class TestRates:
    """The newest 400 days are kept."""

    def fold(self, days: list[date]) -> dict[int, float]:
        partition = Partition()
        for number, day in enumerate(days):
            fact = RatesChanged(rate_date=day, rates={"USD": Decimal(number + 1)})
            assert fold_broadcast(partition, said(fact, START, f"r{number}"))
        return partition.rates["USD"]

    def test_old_ones_are_forgotten(self) -> None:
        days = [date(2020, 1, 1) + timedelta(days=number) for number in range(REMEMBERED_RATE_DAYS + 5)]
        assert min(self.fold(days)) == days[5].toordinal()

    def test_a_rate_of_the_year_9999_takes_no_other_away(self) -> None:
        days = [date(2026, 3, 1), date(2026, 3, 2), date(9999, 12, 31)]
        assert len(self.fold(days)) == 3

    def test_a_correction_of_a_day_replaces_it(self) -> None:
        assert self.fold([date(2026, 3, 1)] * 2) == {date(2026, 3, 1).toordinal(): 2.0}


def _published_by_another_release(scene: Scene, name: str) -> Partition:
    """The partition's stored state has a set in its calendar that this release refuses."""
    partition = scene.partition.folder.partition
    partition.calendar = [*partition.calendar, (name, name)]
    scene.partition.store.rows[PARTITION_KEY] = encode_partition(partition)
    scene.partition.artefacts.put(name, b'{"of": "another release"}')
    return partition


class TestArtefacts:
    """Nothing is decided by what cannot be read."""

    def test_an_unknown_one_is_waited_for_and_changes_nothing(self) -> None:
        scene = Scene()
        before = scene.partition.store.rows.copy()
        published = said(ModelPublished(version="next", digest="f" * 64), START, "next")
        with pytest.raises(Unavailable, match="ffffffffffff"):
            scene.hear(published)
        assert scene.partition.store.rows == before

    def test_a_refused_one_is_a_letter_and_the_one_in_force_stays(self) -> None:
        scene = Scene()
        scene.buys_weekly()
        scene.partition.artefacts.put("broken", b"{}")
        for fact in (ModelPublished(version="x", digest="broken"), ProfilesChanged(version="x", digest="broken")):
            scene.tell(fact)
        assert [letter.reason for letter in scene.partition.letters] == [DeadLetterReason.BAD_DATA] * 2
        assert opened(scene.pass_time(hours=1)) == ["argon"]

    def test_a_model_of_the_release_before_stops_decisions_and_not_the_fold(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        scene = Scene()
        scene.buys_weekly()
        partition, model = scene.partition.folder.partition, prior_model()
        partition.model_digest = "old"
        scene.partition.store.rows[PARTITION_KEY] = encode_partition(partition)
        scene.partition.artefacts.put("old", b'{"kind":"ringahead-population","format":1,"checksum":"","record":{}}')
        scene.partition.restart()
        assert "run `ringahead learn`" in caplog.text
        assert opened(scene.pass_time(hours=1)) == []
        told = scene.tell(ModelPublished(version="new", digest=model.digest))
        assert opened(told) == ["argon"]

    def test_a_refused_set_of_the_calendar_does_not_keep_the_partition_from_opening(self) -> None:
        """As after a step back to an earlier release; what is in force decides on."""
        scene = Scene()
        scene.buys_weekly()
        _published_by_another_release(scene, "later")
        scene.partition.restart()
        assert opened(scene.pass_time(hours=1)) == ["argon"]
        assert ("later", "later") in scene.partition.folder.partition.calendar, "for the release that reads it"

    def test_a_refused_set_in_force_stops_decisions_until_the_next_is_published(self) -> None:
        scene = Scene()
        scene.buys_weekly()
        partition = _published_by_another_release(scene, "now")
        partition.profiles_version = partition.profiles_digest = "now"
        scene.partition.store.rows[PARTITION_KEY] = encode_partition(partition)
        scene.partition.restart()
        assert opened(scene.pass_time(hours=1)) == [], "nor by the set before it"
        assert scene.partition.folder.partition.profiles_digest == "now"
        assert opened(scene.profiles()) == ["argon"]

    def test_profiles_wait_for_their_day(self) -> None:
        scene = Scene(deciding=False)
        scene.buys_weekly()
        base = harness.profiles()
        later = ProfileSet(version="later", effective_from=START + 2 * DAY, cells=base.cells)
        scene.partition.artefacts.put(later.digest, later.dumps())
        model, _ = in_force()
        scene.hear(model)
        scene.tell(ProfilesChanged(version="later", digest=later.digest))
        assert opened(scene.pass_time(days=1)) == []
        scene.partition.restart()
        assert opened(scene.pass_time(days=1)) == ["argon"]

    @pytest.mark.parametrize("what", ["model", "profiles"])
    def test_others_have_everything_judged(self, what: str) -> None:
        scene = Scene()
        for number in range(5):
            scene.buys_weekly(until_days_ago=1, account=f"a{number}")
        scene.pass_time(hours=1)
        before = {name: account.version for name, account in scene.partition.accounts().items()}
        if what == "model":
            other = fit_population(order_days_of([]), 2)
            scene.partition.artefacts.put(other.digest, other.artefact)
            scene.tell(ModelPublished(version=other.version, digest=other.digest))
        else:
            scene.profiles(tier=9)
        after = {name: account.version for name, account in scene.partition.accounts().items()}
        assert after == {name: version + 1 for name, version in before.items()}


class TestProducts:
    """The master's word on a group."""

    def test_a_name_is_what_people_call_the_need(self) -> None:
        scene = Scene()
        scene.tell(ProductChanged(sku="argon", name="Argon 50 l"))
        scene.buys_weekly()
        (need,) = [one for one in scene.pass_time(hours=1) if opened([one])]
        assert need.group_name == "Argon 50 l"  # type: ignore[union-attr]

    @pytest.mark.parametrize(("lead_time_days", "groups"), [(None, []), (0.0, []), (30.0, ["argon"])])
    def test_its_lead_time_counts_before_the_profiles(self, lead_time_days: float | None, groups: list[str]) -> None:
        scene = Scene()
        scene.profiles(lead_time_days=0.0, service_level=0.6)
        scene.tell(ProductChanged(sku="argon", lead_time_days=lead_time_days))
        scene.buys_weekly(until_days_ago=1)
        assert opened(scene.pass_time(hours=1)) == groups


class TestPhases:
    """Told to the log when they change, and folding that changes nothing."""

    def test_a_buyer_enters_maintenance_with_evidence(self) -> None:
        scene = Scene()
        scene.buys_weekly()
        scene.pass_time(hours=1)
        (event,) = scene.partition.recorded
        assert isinstance(event.fact, PhaseChanged)
        assert (event.fact.previous, event.fact.phase) == ("ignition", "maintenance")
        assert event.fact.evidence["order_days"] == 20
        before = scene.partition.store.rows.copy()
        assert scene.hear(event) == []
        assert scene.partition.store.rows == before

    def test_silence_brings_reactivation_and_a_call_to_win_back(self) -> None:
        scene = Scene()
        scene.buys_weekly()
        assert any("*" in opened(scene.pass_time(days=7)) for _ in range(20))
        assert scene.account().phase == "reactivation"
        back = scene.tell(placed("back", wire=1))
        assert [one.cause for one in back if getattr(one, "group", "") == "*"] == ["covered"]  # type: ignore[union-attr]

    def test_a_change_that_comes_before_its_order_wins_back_at_once_and_once(self) -> None:
        scene = Scene()
        scene.buys_weekly()
        assert any("*" in opened(scene.pass_time(days=7)) for _ in range(20))
        order = placed("back", wire=2)
        told = scene.tell(OrderChanged(order_id="back", lines=order.lines), order)
        assert [one.cause for one in told if getattr(one, "group", "") == "*"] == ["covered"]  # type: ignore[union-attr]


class TestRecords:
    """What lies in the log and is no event of an account is a letter, and the fold goes on."""

    @pytest.mark.parametrize(
        ("key", "value", "reason"),
        [
            (b"acme", b"{", DeadLetterReason.NOT_JSON),
            (b"acme", None, DeadLetterReason.NOT_JSON),
            (b"bolt", "good", DeadLetterReason.KEY_MISMATCH),
            (None, "good", DeadLetterReason.KEY_MISMATCH),
        ],
    )
    def test_bad_one(self, key: bytes | None, value: object, reason: DeadLetterReason) -> None:
        scene = Scene()
        good = scene.partition.record(said(placed("a", argon=1), START, "good"))
        raw = good.value if value == "good" else value
        bad = Record(good.topic, 0, 77, 0, key, raw)  # type: ignore[arg-type]
        scene.partition.feed_records([bad, good])
        assert [letter.reason for letter in scene.partition.letters] == [reason]
        assert scene.units() == [1]

    def test_a_time_said_of_one_account_is_refused(self) -> None:
        scene = Scene()
        told = said(TimePassed(as_of=START + DAY), START, "t")
        scene.hear(type(told)("t", "tests", "acme", START, told.fact))
        assert [letter.reason for letter in scene.partition.letters] == [DeadLetterReason.BAD_ENVELOPE]
