from plainview.schedule import DAYS, Hours, spelled


def test_hours_are_named_in_a_message_as_they_were_assessed() -> None:
    """Who reads why a camera does not run sees when it will."""
    some = Hours(("mon", "sat"), since=7 * 60, until=16 * 60 + 30)
    assert spelled((some,)) == "mon, sat 07:00 to 16:30"
    night = Hours(DAYS, since=22 * 60, until=120)
    assert spelled((some, night)) == "mon, sat 07:00 to 16:30; every day 22:00 to 02:00"
