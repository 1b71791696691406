"""Start and end times and maintenance windows: AWS cron expressions in UTC."""

import calendar
import re
from datetime import datetime, timezone

MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
RANGES = ((0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, MONTHS), (1, 7, DAYS), (1970, 2199, {}))
WINDOW_MAX = 1430


def parse_time(text):
    """"2030-01-02 03:04" or ISO 8601, UTC unless it says otherwise. Raises ValueError."""
    moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def _number(word, low, high, names):
    value = names.get(word.upper()) if word.upper() in names else int(word)
    if not low <= value <= high:
        raise ValueError(f"{word} is not {low}..{high}")
    return value


def _field(text, low, high, names):
    """None: any value."""
    if text in ("*", "?"):
        return None
    values = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first, last = (_number(word, low, high, names) for word in span.split("-", 1))
        else:
            first = _number(span, low, high, names)
            last = high if step else first
        every = int(step) if step else 1
        if every < 1:
            raise ValueError(f"step of {part} is not positive")
        values.update(range(first, last + 1, every))
    return frozenset(values)


def parse_cron(text):
    """Six sets of allowed values. Raises ValueError."""
    match = re.fullmatch(r"\s*cron\((.*)\)\s*", str(text))
    words = match.group(1).split() if match else []
    if len(words) != 6:
        raise ValueError(f"{text!r} is no cron(minute hour day month weekday year)")
    return [_field(word, *limits) for word, limits in zip(words, RANGES)]


def _matches(cron, moment):
    values = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7 + 1, moment.year)
    return all(allowed is None or value in allowed for allowed, value in zip(cron, values))


def window_open(windows, now):
    """Whether one of the windows began less than its length ago."""
    minute = int(now // 60)
    for window in windows:
        cron = parse_cron(window["startTime"])
        for back in range(int(window["durationInMinutes"])):
            if _matches(cron, datetime.fromtimestamp((minute - back) * 60, timezone.utc)):
                return True
    return False


def check(config, now):
    """Raises ValueError with what is wrong with a schedulingConfig."""
    start = parse_time(config["startTime"]) if config.get("startTime") else None
    end = parse_time(config["endTime"]) if config.get("endTime") else None
    if end is not None and end < (start if start is not None else now) + 1800:
        raise ValueError("endTime must be at least 30 minutes after the start")
    if config.get("endBehavior", "STOP_ROLLOUT") not in ("STOP_ROLLOUT", "CANCEL", "FORCE_CANCEL"):
        raise ValueError("endBehavior must be STOP_ROLLOUT, CANCEL or FORCE_CANCEL")
    for window in config.get("maintenanceWindows") or []:
        parse_cron(window["startTime"])
        if not 1 <= int(window["durationInMinutes"]) <= WINDOW_MAX:
            raise ValueError(f"durationInMinutes must be 1..{WINDOW_MAX}")
