"""Whole histories that the model answers by itself: what is played can be judged, has no fault and reaches enough."""

import coverage
import facts
from judge import judge_calls
from play import CALLS, Play
from pretend import Pretended


def test_histories_of_the_model_have_no_fault_and_reach_all_states():
    pretended, reached = Pretended(), coverage.Counter()
    for number in range(1, 41):
        history = Play(pretended, number, 1).run()
        written = [fact for fact in pretended.facts if fact.listing in history.halls]
        assert judge_calls(history, written)[0] == []
        assert len(history.calls) == CALLS
        reached += coverage.of_history(history, facts.transitions(written))
    assert {coverage.name_of(pair) for pair in coverage.TRANSITIONS} <= set(reached)
    assert 0.3 < reached["creates that succeeded"] / reached["creates"] < 0.8
