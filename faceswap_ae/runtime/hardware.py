"""Which processor and which CPU features does the machine have, and how much memory?"""

import os
import platform
from pathlib import Path
from typing import Any

CPU_FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile", "neon")


def describe_cpu() -> dict[str, Any]:
    """Return the processor's name and those of its features that matter for speed."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text(encoding="utf-8") if listing.exists() else ""
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in lines.items()}
    flags = facts.get("flags", facts.get("Features", "")).split()
    model = facts.get("model name") or platform.processor() or platform.machine()
    return {"model": model, "features": [name for name in CPU_FEATURES if name in flags]}


def installed_memory() -> float | None:
    """Return the machine's memory in GiB; None if the system does not report it."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
