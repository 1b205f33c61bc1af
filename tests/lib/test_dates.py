from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import dates


@pytest.mark.parametrize(
    "text, day",
    [
        ("1990-05-17", date(1990, 5, 17)),
        ("1990/5/17", date(1990, 5, 17)),
        ("17.05.1990", date(1990, 5, 17)),
        ("17-05-1990", date(1990, 5, 17)),
        ("17/05/1990", date(1990, 5, 17)),
        ("05/17/1990", date(1990, 5, 17)),
        ("05/05/1990", date(1990, 5, 5)),
        ("17.05.1990 0:00:00", datetime(1990, 5, 17)),
        (
            "1990-05-17T01:02:03.4567+0300",
            datetime(1990, 5, 17, 1, 2, 3, tzinfo=timezone(timedelta(hours=3))),
        ),
        ("1990-05-17 01:02Z", datetime(1990, 5, 17, 1, 2, tzinfo=timezone.utc)),
    ],
)
def test_the_usual_spellings_are_read(text, day):
    assert dates.read(text) == day
    assert type(dates.read(text)) is type(day)


@pytest.mark.parametrize(
    "text", ["", "soon", "05/06/1990", "31.02.1990", "1990-05.17", "90-05-17", "1" * 99]
)
def test_what_could_be_another_day_is_not_guessed(text):
    with pytest.raises(ValueError):
        dates.read(text)


@pytest.mark.parametrize(
    "text, zone, day",
    [
        # The server's Kyiv of 1990 kept today's summer time, the tables do not.
        ("1990-05-16T21:00:00Z", "Europe/Kyiv", 17),
        ("1990-05-16T22:00:00Z", "Europe/Kyiv", 17),
        ("1990-05-16T23:00:00Z", "Europe/Warsaw", 17),
        ("1990-05-16T21:00:00Z", None, 17),
        ("1990-05-17T00:00:00Z", "America/New_York", 17),
        ("1990-05-17T00:00:00Z", "Pacific/Auckland", 17),
        ("1990-05-17T12:00:00Z", "Asia/Tokyo", 17),
        ("1990-05-17T15:20:00+03:00", "Europe/Kyiv", 17),
        ("1990-05-17", "America/New_York", 17),
        ("1990-05-17 00:00", "America/New_York", 17),
    ],
)
def test_a_day_stored_with_a_time_is_the_day_that_was_meant(text, zone, day):
    assert dates.nearest_day(dates.read(text), zone) == date(1990, 5, day)


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("yyyy-MM-dd", "2026-02-01"),
        ("YYYY-MM-DD", "2026-02-01"),
        ("YYYY-MM-DDTHH:mm", "2026-02-01T00:30"),
        ("YYYY-MM-DDTHH:mm:ss", "2026-02-01T00:30:59"),
        ("DD.MM.YYYY", "01.02.2026"),
        ("yyyy-MM-ddTHH:mm:ssXXX", "2026-02-01T00:30:59+02:00"),
        ("YYYY-DDD", "2026-032"),
        ("d MMMM", "1 February"),
        ("HH 'o''clock'", "00 o'clock"),
    ],
)
def test_patterns_write_the_time_of_the_zone(pattern, text):
    found = dates.write("2026-01-31T22:30:59Z", pattern, "Europe/Kyiv")
    assert found == text


def test_a_year_is_the_calendars_unless_the_week_is_written():
    assert dates.calendar_pattern("YYYY 'YD'") == "yyyy 'YD'"
    assert dates.calendar_pattern("YYYY'W'ww") == "YYYY'W'ww"
    assert dates.write("2026-12-31", "YYYY-MM-DD") == "2026-12-31"


def test_a_date_stays_that_date_in_every_zone():
    for zone in ("America/New_York", "Asia/Tokyo", None):
        assert dates.write("1990-05-17", "dd.MM.yyyy", zone) == "17.05.1990"


@pytest.mark.parametrize(
    "pattern", ["", "-", "yyyy-MM-nn", "'yyyy", "yyyy-MM-DDD", "g"]
)
def test_wrong_patterns_are_refused(pattern):
    with pytest.raises(ValueError, match="pattern"):
        dates.compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["yy-MM-dd", "dd MMM yyyy", "HH:mm", "yyyy", "w y"])
def test_what_would_be_a_guess_is_not_read(pattern):
    with pytest.raises(ValueError):
        dates.parse_format(pattern)


def test_zones_that_are_none():
    for name in ("Mars", "../etc/passwd", "\0", "a" * 300):
        with pytest.raises(ValueError, match="time zone"):
            dates.find_zone(name)


READABLE = st.sampled_from(
    ["yyyy-MM-dd", "dd.MM.yyyy", "M/d/yyyy", "YYYYMMDD", "yyyy-MM-ddTHH:mm:ss", "d-M-y"]
)


@given(st.dates(date(1000, 1, 1)), READABLE)
def test_what_is_written_is_read_again(day, pattern):
    text = dates.write(day.isoformat(), pattern)
    assert dates.parse(text, pattern)[:10] == day.isoformat()


@given(st.text(max_size=30), st.text("yMdHhmsaXxZwDYTQEGSb-:'. ", max_size=12))
def test_any_text_and_pattern_are_a_value_or_an_error(text, pattern):
    for call in (
        lambda: dates.read(text),
        lambda: dates.write("2026-01-31T22:30:59Z", pattern, "Europe/Kyiv"),
        lambda: dates.parse(text, pattern),
    ):
        try:
            call()
        except ValueError:
            pass
