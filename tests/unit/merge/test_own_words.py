"""What an author said before and what does not stand is part of what they were shown.

The changes name one of the two dates of a campaign only, as older laptops do.
"""

from tests.unit.merge.building import (
    CAMPAIGN,
    CORE,
    SAMPLE,
    Server,
    campaign,
    earlier,
    ends,
    first,
    live,
    period,
    put,
    sides,
    stands,
    with_past,
)


def test_a_first_word_is_whole_what_it_leaves_out_is_empty():
    server = Server()
    assert server.push(first("bo1", CAMPAIGN, {"end_date": None})) == ["accepted"]
    assert stands(server) == {"start_date": "2026-03-01", "end_date": None}


def test_a_first_word_on_a_record_that_another_made_was_shown_nothing():
    """Both recorded the campaign, one of them without its end."""
    server = Server(campaign(1, 5))
    words = server.fields(CAMPAIGN) | {"name": "spring"}
    del words["end_date"]
    assert server.push(put("bo1", CAMPAIGN, words)) == ["conflict"]
    assert sides(server) == (period(1, 5), period(1, None))


def test_a_second_word_of_who_made_the_record_was_shown_their_first():
    server = Server(live(CAMPAIGN, period(1, 5), by=("bo1", 1, 10)))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"})
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(1, 9)


def test_a_second_word_after_others_wrote_was_shown_the_first():
    """Without a base: it was said before anything came back."""
    server = with_past(
        Server(campaign(11, 15, by=("cy1", 2, 20))),
        earlier(period(1, 5), "bo1", 1, 2),
    )
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"})
    assert server.push(edit) == ["conflict"]
    assert sides(server, "bo2") == (period(11, 15), period(1, 9))


def test_an_authors_waiting_words_were_shown_over_the_row():
    server = Server(campaign(1, 5))
    wrong = {"start_date": "2026-03-08", "name": " "}
    assert server.push(put("bo1", CAMPAIGN, wrong, saw=1)) == ["quarantined"]
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1)
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(8, 9)


def test_the_later_of_an_authors_waiting_words_lies_on_top():
    server = Server(campaign(1, 5))
    for n, day in ((2, 8), (1, 7)):
        words = {"start_date": f"2026-03-{day:02}", "name": " "}
        server.push(put(f"bo{n}", CAMPAIGN, words, saw=1))
    server.push(put("bo3", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1))
    assert stands(server) == period(8, 9)


def test_the_waiting_words_of_others_were_shown_to_nobody():
    server = Server(campaign(1, 5))
    wrong = {"start_date": "2026-03-08", "name": " "}
    server.push(put("cy1", CAMPAIGN, wrong, saw=1))
    assert server.push(ends(9, saw=1)) == ["accepted"]
    assert stands(server) == period(1, 9)


def test_a_first_word_over_an_authors_waiting_one_was_shown_that():
    """The record is not there: a partial word is laid over the one that waits."""
    server = Server()
    server.push(first("bo1", CAMPAIGN, period(4, 5) | {"name": " "}))
    words = {"name": "spring", "purpose": "baseline", "end_date": "2026-03-09"}
    server.push(put("bo2", CAMPAIGN, words, replaces="bo1"))
    assert stands(server) == period(4, 9)


def test_a_first_word_that_could_stand_alone_is_laid_over_a_waiting_one_too():
    server = Server(live(CORE))
    dense = {"bulk_density_g_cm3": 1.3, "bulk_density_definition": "whole"}
    server.push(first("bo1", SAMPLE, dense | {"sample_code": " "}))
    server.push(first("bo2", SAMPLE, {"bulk_density_definition": "whole"}))
    assert server.fields(SAMPLE)["bulk_density_g_cm3"] == 1.3


def test_words_in_conflict_were_shown_until_the_row_came():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    server.push(put("bo1", CAMPAIGN, period(4, 5), saw=1))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1)
    with_past(server, earlier(period(1, 3), "ana1", 1, 2))
    assert server.push(edit) == ["conflict"]
    assert sides(server, "bo2") == (period(11, 15), period(4, 9))


def test_once_the_row_has_come_what_stands_was_shown():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    server.push(put("bo1", CAMPAIGN, period(4, 5), saw=1))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-19"}, saw=3)
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(11, 19)


def test_words_of_a_conflict_that_is_settled_are_shown_no_more():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    server.push(put("bo1", CAMPAIGN, period(4, 5), saw=1))
    decision = put("dee1", CAMPAIGN, period(21, 25), saw=3, settles=["bo1:period"])
    server.push(decision)
    with_past(server, earlier(period(1, 3), "ana1", 1, 2))
    server.push(put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1))
    assert sides(server, "bo2") == (period(21, 25), period(1, 9))


def test_the_conflicts_of_others_were_not_what_an_author_said():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    server.push(put("dee1", CAMPAIGN, period(4, 5), saw=1))
    with_past(server, earlier(period(1, 3), "ana1", 1, 2))
    server.push(ends(9, saw=1))
    assert sides(server) == (period(11, 15), period(1, 9))


def test_two_first_words_that_leave_out_the_same_are_the_same():
    server = Server(campaign(1, None))
    words = {"name": "spring", "start_date": "2026-03-01", "purpose": "baseline"}
    assert server.push(put("bo1", CAMPAIGN, words)) == ["merged"]
    assert server.writers(CAMPAIGN, "period") == [("ana1", 1, 10), ("bo1", 2, 100)]


def test_the_second_word_of_who_saw_no_row_and_never_stood_cannot_be_told():
    server = Server(campaign(1, 5))
    server.push(put("bo1", CAMPAIGN, period(4, 6) | {"name": " "}))
    edit = put("bo2", CAMPAIGN, {"end_date": "2026-03-09"})
    assert server.push(edit) == ["conflict"]
    assert sides(server, "bo2") == (period(1, 5), period(None, 9))


def test_the_waiting_words_of_a_copy_lie_over_those_of_the_log_it_goes_on_from():
    """The numbers of its log begin anew."""
    server = Server(campaign(1, 5), parents={"copy": ("bo", 3)})
    for name, day in (("bo3", 8), ("copy1", 7)):
        words = {"start_date": f"2026-03-{day:02}", "name": " "}
        assert server.push(put(name, CAMPAIGN, words, saw=1)) == ["quarantined"]
    edit = put("copy2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1)
    assert server.push(edit) == ["accepted"]
    assert stands(server) == period(7, 9)


def test_waiting_words_and_words_in_conflict_lie_in_the_order_of_their_log():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    wrong = {"start_date": "2026-03-08", "name": " "}
    server.push(put("bo2", CAMPAIGN, wrong, saw=1))
    server.contest(CAMPAIGN, "period", "bo1", period(4, 5), seq=2)
    with_past(server, earlier(period(1, 3), "ana1", 1, 2))
    server.push(put("bo3", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1))
    assert sides(server, "bo3") == (period(11, 15), period(8, 9))


def test_words_in_conflict_in_two_groups_were_both_shown():
    server = Server(campaign(11, 15, by=("cy1", 2, 20)))
    server.contest(CAMPAIGN, "name", "bo1", {"name": "summer"}, seq=2)
    server.contest(CAMPAIGN, "period", "bo1", period(4, 5), seq=2)
    with_past(server, earlier(period(1, 3), "ana1", 1, 2))
    server.push(put("bo2", CAMPAIGN, {"end_date": "2026-03-09"}, saw=1))
    assert sides(server, "bo2") == (period(11, 15), period(4, 9))
