"""The rules of a live match: each sentence of them, and random matches that meet no forbidden state."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geogame.games import match_rules
from geogame.games.match_rules import (
    ANSWER_WAIT_S,
    COUNTDOWN_S,
    DUEL_ROUNDS,
    HEALTH,
    INTRO_S,
    RESULT_S,
    Match,
    Played,
    Present,
    Stage,
    Step,
)
from geogame.games.rules import GRACE_S

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN, BEN, CLEO, MODEL = 1, 2, 3, 9


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def closed(number: int, *, void: bool = False, closed_s: float = 0.0, **points: int) -> Played:
    """`ann=5000`: what each had in the round; who is not named did not answer."""
    found = {{"ann": ANN, "ben": BEN, "cleo": CLEO, "model": MODEL}[name]: p for name, p in points.items()}
    return Played(
        number=number,
        stage=Stage.CLOSED,
        points=found,
        answered=frozenset(found),
        is_void=void,
        closed_at=at(closed_s),
    )


def duel(*rounds: Played, **changes: object) -> Match:
    match = Match(
        is_duel=True,
        players=(ANN, BEN),
        people=frozenset({ANN, BEN}),
        rounds_total=DUEL_ROUNDS,
        began_at=START,
        rounds=rounds,
    )
    return replace(match, **changes)  # type: ignore[arg-type]


def room(*rounds: Played, **changes: object) -> Match:
    fields = {"is_duel": False, "players": (ANN, BEN, MODEL), "rounds_total": 5} | changes
    return duel(*rounds, **fields)


# --- Duels -----------------------------------------------------------------------------------------
def test_the_multiplier_rises_from_the_third_round_on() -> None:
    assert [match_rules.multiplier(nth) for nth in range(1, 7)] == [1, 1, 1.5, 2, 2.5, 3]


def test_damage_is_the_difference_times_the_multiplier() -> None:
    assert match_rules.damage(5000, 3000, 1) == 2000
    assert match_rules.damage(3000, 5000, 3) == 3000
    assert match_rules.damage(4, 3, 3) == 2, "a half rounds up"
    assert match_rules.damage(1234, 1234, 9) == 0


def test_only_the_lower_one_is_hurt_and_health_ends_at_nought() -> None:
    match = duel(closed(1, ann=5000, ben=1000), closed(2, ann=5000, ben=0))
    assert [dict(blow.health) for blow in match_rules.blows(match)] == [
        {ANN: HEALTH, BEN: 2000},
        {ANN: HEALTH, BEN: 0},
    ]
    assert match_rules.is_decided(match)
    assert match_rules.winner(match) == ANN


def test_who_does_not_answer_has_no_points() -> None:
    assert match_rules.health_of(duel(closed(1, ben=2500))) == {ANN: HEALTH - 2500, BEN: HEALTH}


def test_a_void_round_hurts_nobody_and_does_not_raise_the_multiplier() -> None:
    match = duel(closed(1, ann=10), closed(2, void=True, ann=5000), closed(3, ann=10), closed(4, ann=10))
    assert [blow.multiplier for blow in match_rules.blows(match)] == [1, 1, 1.5]
    assert match_rules.health_of(match)[BEN] == HEALTH - 10 - 10 - 15


@pytest.mark.parametrize(("ben", "expected"), [(20, BEN), (10, "draw")])
def test_after_the_last_round_more_health_wins(ben: int, expected: object) -> None:
    rounds = [closed(n, ann=10, ben=10) for n in range(1, DUEL_ROUNDS)]
    match = duel(*rounds, closed(DUEL_ROUNDS, ann=10, ben=ben))
    assert match_rules.is_decided(match)
    assert match_rules.winner(match) == expected


def test_who_leaves_loses_but_not_what_is_decided() -> None:
    behind = closed(1, ann=0, ben=3000)
    assert match_rules.winner(duel(behind, left=frozenset({BEN}))) == ANN
    lost = duel(closed(1, ann=0, ben=5000), closed(2, ann=0, ben=5000))
    assert match_rules.winner(replace(lost, left=frozenset({BEN}))) == BEN


# --- Rooms and crowds ------------------------------------------------------------------------------
def test_in_a_room_most_points_win() -> None:
    match = room(closed(1, ann=100, ben=200, model=50), closed(2, ann=150, ben=10, model=50))
    assert match_rules.totals(match) == {ANN: 250, BEN: 210, MODEL: 100}
    assert match_rules.winner(match) == ANN


def test_the_crowd_can_win_a_round_and_the_match() -> None:
    played = replace(closed(1, ann=100, ben=200, model=300), crowd_points=400)
    assert match_rules.round_winner(played) == "crowd"
    assert match_rules.winner(room(played)) == "crowd"
    assert match_rules.crowd_total(room(played)) == 400
    assert match_rules.crowd_total(room(closed(1, ann=1))) is None


def test_equals_draw_and_nobody_wins_what_nobody_answered() -> None:
    assert match_rules.round_winner(closed(1, ann=100, ben=100)) == "draw"
    assert match_rules.round_winner(closed(1)) is None
    assert match_rules.round_winner(closed(1, void=True, ann=100)) is None
    assert match_rules.winner(room()) is None


def test_a_room_goes_on_while_one_person_is_left() -> None:
    assert not match_rules.is_decided(room(closed(1, ann=1), left=frozenset({BEN})))
    assert match_rules.is_decided(room(closed(1, ann=1), left=frozenset({ANN, BEN})))


# --- The clock -------------------------------------------------------------------------------------
def test_the_first_round_is_asked_for_after_the_intro() -> None:
    match = duel(Played(number=1, stage=Stage.DRAWN))
    assert match_rules.phase(match) == match_rules.Phase("intro", at(INTRO_S))
    assert match_rules.due(match, at(INTRO_S - 0.1)) is None
    assert match_rules.due(match, at(INTRO_S)) == Step.ASK


def test_a_round_waits_for_the_model_and_then_does_without() -> None:
    waiting = Played(number=1, stage=Stage.AWAITED, answer_deadline=at(ANSWER_WAIT_S))
    match = duel(waiting)
    assert match_rules.phase(match).name == "preparing"
    assert match_rules.due(match, at(ANSWER_WAIT_S - 0.1)) is None
    assert match_rules.due(match, at(ANSWER_WAIT_S)) == Step.GO_WITHOUT_MODEL


def test_a_round_closes_when_all_have_answered_or_the_time_is_up() -> None:
    open_ = Played(number=1, stage=Stage.OPEN, deadline_at=at(60))
    assert match_rules.due(duel(open_), at(60 + GRACE_S - 0.1)) is None
    assert match_rules.due(duel(open_), at(60 + GRACE_S)) == Step.CLOSE
    assert match_rules.due(duel(replace(open_, answered=frozenset({ANN}))), at(1)) is None
    assert match_rules.due(duel(replace(open_, answered=frozenset({ANN, BEN}))), at(1)) == Step.CLOSE


def test_nobody_waits_for_who_has_left_nor_for_the_model() -> None:
    open_ = Played(number=1, stage=Stage.OPEN, deadline_at=at(60), answered=frozenset({ANN}))
    assert match_rules.due(room(open_, left=frozenset({BEN})), at(1)) == Step.CLOSE


def test_the_result_is_read_before_the_next_round() -> None:
    match = room(closed(1, ann=1, closed_s=10), Played(number=2, stage=Stage.DRAWN))
    assert match_rules.due(replace(match, rounds=match.rounds[:1]), at(10)) == Step.DRAW
    assert match_rules.due(match, at(10 + RESULT_S - 0.1)) is None
    assert match_rules.due(match, at(10 + RESULT_S)) == Step.ASK


def test_the_last_result_is_read_too() -> None:
    match = room(closed(1, ann=1, closed_s=10), rounds_total=1)
    assert match_rules.due(match, at(10)) is None
    assert match_rules.due(match, at(10 + RESULT_S)) == Step.FINISH


def test_a_withdrawn_picture_voids_the_round() -> None:
    open_ = Played(number=1, stage=Stage.OPEN, deadline_at=at(60), is_gone=True)
    assert match_rules.due(duel(open_), at(1)) == Step.VOID


def test_a_match_that_nobody_plays_ends() -> None:
    silent = (closed(1), closed(2))
    assert match_rules.is_decided(duel(*silent, anybody_connected=False))
    assert not match_rules.is_decided(duel(*silent)), "somebody is there and thinks"
    assert not match_rules.is_decided(duel(closed(1, ann=1), closed(2), anybody_connected=False))


def test_a_guess_is_refused_with_a_reason() -> None:
    open_ = Played(number=1, stage=Stage.OPEN, deadline_at=at(60))
    assert match_rules.refusal(open_, at(60 + GRACE_S - 0.1)) is None
    assert match_rules.refusal(open_, at(60 + GRACE_S)) == "too-late"
    assert match_rules.refusal(None, at(0)) == "no-such-round"
    assert match_rules.refusal(Played(number=1, stage=Stage.AWAITED), at(0)) == "round-not-open"
    assert match_rules.refusal(closed(1), at(0)) == "round-closed"


def test_the_first_lock_in_shortens_the_time_of_a_duel_only() -> None:
    open_ = Played(number=1, stage=Stage.OPEN, deadline_at=at(60))
    after = match_rules.deadline_after_lock_in
    assert after(duel(open_), open_, ANN, at(10)) == at(10 + COUNTDOWN_S)
    assert after(duel(open_), open_, ANN, at(50)) == at(60)
    assert after(room(open_), open_, ANN, at(10)) == at(60)
    alone = duel(open_, players=(ANN, MODEL), people=frozenset({ANN}))
    assert after(alone, open_, MODEL, at(10)) == at(60), "a model starts no countdown"


def test_a_live_round_has_an_end() -> None:
    assert match_rules.time_limit_s(is_duel=True, chosen=None) == match_rules.SAFETY_LIMIT_S
    assert match_rules.time_limit_s(is_duel=True, chosen=30) == 30
    with pytest.raises(ValueError, match="time limit"):
        match_rules.time_limit_s(is_duel=False, chosen=None)


def test_the_host_is_the_player_who_has_been_connected_longest() -> None:
    watching, away = Present(0, is_player=False, is_connected=True), Present(1, True, False)
    here, later = Present(2, True, True), Present(3, True, True)
    assert match_rules.next_host([later, watching, here, away]) == here
    assert match_rules.next_host([watching, away]) == away
    assert match_rules.next_host([watching]) == watching
    assert match_rules.next_host([]) is None


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=DUEL_ROUNDS))
def test_health_never_rises_and_the_better_one_is_never_hurt(points: list[tuple[int, int]]) -> None:
    match = duel(*(closed(n, ann=ann, ben=ben) for n, (ann, ben) in enumerate(points, start=1)))
    before = {ANN: HEALTH, BEN: HEALTH}
    for blow, (ann, ben) in zip(match_rules.blows(match), points, strict=True):
        assert all(0 <= blow.health[player] <= before[player] for player in before)
        assert blow.damage[ANN if ann >= ben else BEN] == 0
        before = dict(blow.health)


# --- Random matches --------------------------------------------------------------------------------
LIMIT_S = 60.0


class RandomMatch(RuleBasedStateMachine):
    """People who answer, answer twice, too late or for another round, leave and drop out; a model that is
    late; pictures that are withdrawn. The machine stores what the rules say, as the database would, and keeps
    a book of its own to compare them with.
    """

    @initialize(
        is_duel=st.booleans(),
        people=st.integers(1, 4),
        has_model=st.booleans(),
        rounds=st.integers(1, 6),
    )
    def begin(self, is_duel: bool, people: int, has_model: bool, rounds: int) -> None:
        self.now = START
        self.has_model = has_model or (is_duel and people == 1)
        people = (1 if self.has_model else 2) if is_duel else people
        persons = tuple(range(1, people + 1))
        self.match = Match(
            is_duel=is_duel,
            players=(*persons, MODEL) if self.has_model else persons,
            people=frozenset(persons),
            rounds_total=rounds,
            began_at=START,
        )
        self.opened_at: dict[int, datetime] = {}
        self.given: dict[tuple[int, int], int] = {}
        self.settled: dict[int, Played] = {}
        self.health = [HEALTH] * len(self.match.players)
        self.reached = (0, 0)
        self.settle()

    def change(self, **fields: object) -> None:
        round_ = replace(self.match.rounds[-1], **fields)  # type: ignore[arg-type]
        self.match = replace(self.match, rounds=(*self.match.rounds[:-1], round_))

    def settle(self) -> None:
        for _ in range(20):
            step = match_rules.due(self.match, self.now)
            if step is None:
                return
            self.carry_out(step)
        raise AssertionError("the rules do not come to rest")

    def carry_out(self, step: Step) -> None:
        assert not self.match.is_finished
        if step == Step.DRAW:
            drawn = Played(number=len(self.match.rounds) + 1, stage=Stage.DRAWN)
            self.match = replace(self.match, rounds=(*self.match.rounds, drawn))
        elif step == Step.ASK:
            before = self.match.rounds[:-1]
            read_at = before[-1].closed_at if before else None
            assert self.now >= (
                read_at + timedelta(seconds=RESULT_S) if read_at else START + timedelta(seconds=INTRO_S)
            ), "everybody has the time to read"
            wait = self.now + timedelta(seconds=ANSWER_WAIT_S)
            self.change(stage=Stage.AWAITED, answer_deadline=wait)
            if not self.has_model:
                self.open()
        elif step == Step.GO_WITHOUT_MODEL:
            self.open()
        elif step in (Step.CLOSE, Step.VOID):
            self.close(void=step == Step.VOID)
        else:
            self.finish()

    def open(self) -> None:
        number = self.match.rounds[-1].number
        assert number not in self.opened_at, "a round opens once"
        self.opened_at[number] = self.now
        self.change(stage=Stage.OPEN, deadline_at=self.now + timedelta(seconds=LIMIT_S))
        round_ = self.match.rounds[-1]
        for player in round_.answered:  # of the model, sealed before
            deadline = match_rules.deadline_after_lock_in(self.match, round_, player, self.now)
            assert deadline == self.now + timedelta(seconds=LIMIT_S), "no model starts the countdown"

    def close(self, *, void: bool) -> None:
        last = self.match.rounds[-1]
        assert last.stage in (Stage.AWAITED, Stage.OPEN), "a round closes once"
        points = {player: p for (number, player), p in self.given.items() if number == last.number}
        self.change(stage=Stage.CLOSED, closed_at=self.now, points=points, is_void=void)
        if void:
            self.match = replace(self.match, rounds_total=self.match.rounds_total + 1)

    def finish(self) -> None:
        last = self.match.last
        if last and last.stage == Stage.OPEN:
            self.close(void=True)
        elif last and last.stage != Stage.CLOSED:
            self.match = replace(self.match, rounds=self.match.rounds[:-1])
        self.match = replace(self.match, is_finished=True)

    @rule(seconds=st.sampled_from([0.1, 1.0, 7.0, 15.0, 50.0, 62.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.settle()

    @rule(seconds=st.sampled_from([10.0, 50.0, 70.0]))
    def time_passes_without_a_clock_process(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def the_phase_ends(self) -> None:
        due_at = match_rules.next_due_at(self.match)
        self.now = max(self.now, due_at) if due_at else self.now
        self.settle()

    @rule(points=st.lists(st.integers(0, 5000), min_size=4, max_size=4))
    def everybody_guesses(self, points: list[int]) -> None:
        if match_rules.phase(self.match).name != "guessing":
            self.the_phase_ends()
        for player in sorted(self.match.people):
            self.guess(player, 0, points[player - 1])

    @rule(
        who=st.integers(0, 3),
        back=st.sampled_from([0, 0, 0, 1, 2]),
        points=st.integers(0, 5000),
        is_settled=st.booleans(),
    )
    def somebody_guesses(self, who: int, back: int, points: int, is_settled: bool) -> None:
        self.guess(sorted(self.match.people)[who % len(self.match.people)], back, points, is_settled)

    @rule(
        who=st.integers(0, 3),
        seconds=st.sampled_from([-20.0, -0.1, GRACE_S - 0.1, GRACE_S, 9.0]),
        points=st.integers(0, 5000),
    )
    def somebody_guesses_at_the_last_moment(self, who: int, seconds: float, points: int) -> None:
        """Or a moment too late, while no clock process runs."""
        if match_rules.phase(self.match).name != "guessing":
            self.the_phase_ends()
        deadline = match_rules.phase(self.match).ends_at
        if deadline and match_rules.phase(self.match).name == "guessing":
            self.now = max(self.now, deadline + timedelta(seconds=seconds))
            people = sorted(self.match.people)
            self.guess(people[who % len(people)], 0, points, is_settled=False)

    def guess(self, player: int, back: int, points: int, is_settled: bool = True) -> None:
        """For the round that runs, or, delayed on its way, for one before; perhaps before anybody notices
        that its time is up.
        """
        if is_settled:
            self.settle()
        if len(self.match.rounds) <= back:
            return
        round_ = self.match.rounds[-1 - back]
        refused = match_rules.refusal(round_, self.now)
        assert refused is not None or round_.stage == Stage.OPEN
        if refused or player in round_.answered or player in self.match.left:
            return
        since = (self.now - self.opened_at[round_.number]).total_seconds()
        assert since < LIMIT_S + GRACE_S, "no late guess is taken"
        self.given[round_.number, player] = points
        deadline = match_rules.deadline_after_lock_in(self.match, round_, player, self.now)
        assert deadline
        assert round_.deadline_at
        assert self.now < deadline + timedelta(seconds=GRACE_S)
        assert deadline <= round_.deadline_at, "no guess gives anybody more time"
        self.change(answered=round_.answered | {player}, deadline_at=deadline)
        self.settle()
        last = self.match.rounds[-1]
        assert last.stage != Stage.OPEN or not self.match.awaited <= last.answered, "nobody waits for nobody"

    @precondition(lambda self: self.has_model)
    @rule(points=st.integers(0, 5000))
    def the_model_answers(self, points: int) -> None:
        """In time or not at all: it never answers for a round that is open."""
        last = self.match.last
        if last and last.stage == Stage.AWAITED and not self.match.is_finished:
            self.given[last.number, MODEL] = points
            self.change(answered=last.answered | {MODEL})
            self.open()
        self.settle()

    @precondition(lambda self: len(self.match.rounds) > 1)
    @rule(player=st.integers(1, 4))
    def leave(self, player: int) -> None:
        if player in self.match.people and not self.match.is_finished:
            self.match = replace(self.match, left=self.match.left | {player})
        self.settle()

    @rule(connected=st.booleans())
    def connect(self, connected: bool) -> None:
        self.match = replace(self.match, anybody_connected=connected)
        self.settle()

    @rule()
    def a_picture_is_withdrawn(self) -> None:
        last = self.match.last
        if last and last.stage != Stage.CLOSED and not self.match.is_finished:
            self.change(is_gone=True)
        self.settle()

    @invariant()
    def rounds_are_in_order(self) -> None:
        if not hasattr(self, "match"):
            return
        rounds = self.match.rounds
        assert [round_.number for round_ in rounds] == list(range(1, len(rounds) + 1))
        assert all(round_.stage == Stage.CLOSED for round_ in rounds[:-1])
        assert len(rounds) <= self.match.rounds_total
        if self.match.is_finished:
            assert all(round_.stage == Stage.CLOSED for round_ in rounds)

    @invariant()
    def what_is_closed_stays(self) -> None:
        for round_ in getattr(self, "match", duel()).rounds:
            if round_.stage == Stage.CLOSED:
                assert self.settled.setdefault(round_.number, round_) == round_

    @invariant()
    def a_phase_ends_and_fits_its_round(self) -> None:
        if not hasattr(self, "match"):
            return
        phase, current = match_rules.phase(self.match), self.match.current
        assert (phase.ends_at is None) == (phase.name == "finished")
        stages = {"preparing": Stage.AWAITED, "guessing": Stage.OPEN, "result": Stage.CLOSED}
        if phase.name in stages:
            assert current
            assert current.stage == stages[phase.name]

    @invariant()
    def phases_go_forward(self) -> None:
        if hasattr(self, "match"):
            phase, current = match_rules.phase(self.match).name, self.match.current
            order = ("intro", "preparing", "guessing", "result")
            now = (99, 0) if phase == "finished" else (current.number if current else 0, order.index(phase))
            assert now >= self.reached
            self.reached = now

    @invariant()
    def damage_is_what_the_sentence_says(self) -> None:
        """The difference, times 1, 1, 1.5, 2 and so on; counted here without the rules."""
        match = getattr(self, "match", duel())
        if not match.is_duel or not hasattr(self, "match"):
            return
        health = dict.fromkeys(match.players, HEALTH)
        factors = iter((1.0, 1.0, *(nth / 2 for nth in range(3, 30))))
        for round_ in match.rounds:
            if round_.stage == Stage.CLOSED and not round_.is_void:
                one, other = (self.given.get((round_.number, player), 0) for player in match.players)
                loser = match.players[0 if one < other else 1]
                lost = math.floor(abs(one - other) * next(factors) + 0.5)
                health[loser] = max(0, health[loser] - lost)
        assert match_rules.health_of(match) == health
        assert all(now <= before for now, before in zip(health.values(), self.health, strict=True))
        self.health = list(health.values())

    @invariant()
    def health_is_between_nought_and_full(self) -> None:
        match = getattr(self, "match", duel())
        if match.is_duel:
            assert all(0 <= left <= HEALTH for left in match_rules.health_of(match).values())
            for blow in match_rules.blows(match):
                assert min(blow.damage.values()) == 0, "the best of a round is not hurt"
            dead = [player for player, left in match_rules.health_of(match).items() if left == 0]
            assert not dead or match_rules.winner(match) not in dead

    def teardown(self) -> None:
        """Whatever happened, a match ends by itself within the time that its rounds can take."""
        if not hasattr(self, "match"):
            return
        each = ANSWER_WAIT_S + LIMIT_S + GRACE_S + RESULT_S
        for _ in range(int((self.match.rounds_total + 2) * each)):
            self.now += timedelta(seconds=1)
            self.settle()
        assert self.match.is_finished
        assert match_rules.due(self.match, self.now) is None
        self.rounds_are_in_order()
        self.what_is_closed_stays()


RandomMatch.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestRandomMatch = RandomMatch.TestCase
