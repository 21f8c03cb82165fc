"""How long nobody is answered because of those who come behind."""

from __future__ import annotations

from bot.service.rush import Rush


def test_a_rush_begins_with_the_second_page_and_ends_when_none_follows() -> None:
    rush = Rush(lull=0.5, longest=5.0)
    rush.comes(10.0)
    rush.kept(10.1)
    assert not rush.lasts(10.1)
    rush.comes(10.2)
    assert rush.lasts(10.2)
    assert rush.lasts(11.9)  # the store takes its time
    rush.kept(12.0)
    assert rush.lasts(12.4)
    assert not rush.lasts(12.6)


def test_a_page_that_is_not_full_ends_a_rush_at_once() -> None:
    rush = Rush()
    for moment in (10.0, 10.1):
        rush.comes(moment)
        rush.kept(moment)
    assert rush.lasts(10.2)
    rush.over()
    assert not rush.lasts(10.2)


def test_a_rush_that_does_not_end_keeps_nobody_waiting_for_ever() -> None:
    rush = Rush(lull=0.5, longest=5.0)
    lasting = 0
    for tenth in range(600):
        moment = tenth / 10
        rush.comes(moment)
        rush.kept(moment)
        lasting += rush.lasts(moment)
    assert lasting == 50
    rush.through()
    for moment in (60.0, 60.1):
        rush.comes(moment)
        rush.kept(moment)
    assert rush.lasts(60.1)
