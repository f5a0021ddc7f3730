"""Prints what Python's zoneinfo says around every change of clocks, for the test that compares it with ZoneRules.

Arguments: the zoneinfo folder, first year, last year (included), and zone names. Changes are found by walking in steps
of a day and halving, not by reading the files' lists, so nothing that a reader overlooks can be overlooked here too.
One line for each change, tab-separated: zone, instant of the change in seconds since 1970, then offset and abbreviation
one second before it, at it, and one second after it. A zone without a change gets one line for the first instant of the
years, so that every zone is compared.
"""
import datetime
import sys
import zoneinfo

STEP = 24 * 3600
UTC = datetime.timezone.utc
folder, first_year, last_year, *names = sys.argv[1:]
zoneinfo.reset_tzpath(to=[folder])
first = int(datetime.datetime(int(first_year), 1, 1, tzinfo=UTC).timestamp())
last = int(datetime.datetime(int(last_year) + 1, 1, 1, tzinfo=UTC).timestamp())


def shown(zone, second):
    local = datetime.datetime.fromtimestamp(second, zone)
    return local.utcoffset(), local.tzname()


def line(name, zone, second):
    columns = [name, str(second)]
    for near in (second - 1, second, second + 1):
        offset, abbreviation = shown(zone, near)
        columns += [str(int(offset.total_seconds())), abbreviation]
    return '\t'.join(columns)


for name in names:
    zone = zoneinfo.ZoneInfo(name)
    before, changes = shown(zone, first - 1), 0
    for end in range(first - 1 + STEP, last + STEP, STEP):
        end = min(end, last - 1)
        after = shown(zone, end)
        if after == before:
            continue
        low, high = max(end - STEP, first - 1), end
        while high - low > 1:
            middle = (low + high) // 2
            if shown(zone, middle) == before:
                low = middle
            else:
                high = middle
        print(line(name, zone, high))
        before, changes = after, changes + 1
    if not changes:
        print(line(name, zone, first))
