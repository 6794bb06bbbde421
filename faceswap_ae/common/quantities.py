"""How is a length of time, or a number of bytes, written for people?"""


def format_duration(seconds: float) -> str:
    """`42 s`, `7 min`, `2 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


THOUSAND = 1000


UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")  # as shops and `df -H` count


def format_bytes(count: int) -> str:
    """`1.2 GB`."""
    number, units = float(count), iter(UNITS)
    unit = next(units)
    while round(number) >= THOUSAND and unit != UNITS[-1]:
        number, unit = number / THOUSAND, next(units)
    return f"{number:.0f} B" if unit == "B" else f"{number:.3g} {unit}"
