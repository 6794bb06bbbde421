"""How are durations, counts and numbers of bytes formatted for people?"""

FEW_MINUTES = 300  # seconds, up to which half minutes are told
THOUSAND = 1000
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")  # decimal, as in shops and in `df -H`


def format_duration(seconds: float) -> str:
    """Return a duration as `42 s`, `1.5 min`, `7 min` or `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < FEW_MINUTES:
        return f"{round(seconds / 30) / 2:g} min"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun: `1 clip`, `2 clips`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def format_bytes(count: int) -> str:
    """Return a number of bytes as `1.2 GB`, in decimal units."""
    number, units = float(count), iter(UNITS)
    unit = next(units)
    while round(number) >= THOUSAND and unit != UNITS[-1]:
        number, unit = number / THOUSAND, next(units)
    return f"{number:.0f} B" if unit == "B" else f"{number:.3g} {unit}"
