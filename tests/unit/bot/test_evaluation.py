from bot.answering.evaluation_figures import figures
from tests.evaluation.knowledge.measure import results_of


async def test_answering_stays_as_good_as_it_was_measured() -> None:
    """The floors lie a little under what was measured when they were set, so that a slip is noticed."""
    found = figures(await results_of("heldout"))
    assert found["hit_at_1"] >= 0.84
    assert found["hit_at_3"] >= 0.94
    assert found["answered_answerable"] >= 0.87
    assert found["declined_unanswerable"] >= 0.6
    assert found["answerability_auc"] >= 0.88
    assert found["must_contain"] >= 0.84
