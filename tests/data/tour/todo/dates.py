"""Count days."""


def days_between(start, end):
    """Count the days from one date to another.

    Args:
        start: The first day.
        end: The day after the last.
    """
    return (end - start).days


def is_leap_year(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def format_date(day):
    return day.strftime("%d %B %Y")


def in_weeks(days, first):
    """Put days into weeks.

    Args:
        dates: Without gaps, the earliest at the beginning.
        first: The number of the weekday that begins a week.
    """
    weeks = []
    for day in days:
        if not weeks or day.weekday() == first:
            weeks.append([])
        weeks[-1].append(day)
    return weeks
