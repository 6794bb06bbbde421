"""What does a C2PA manifest say, as JSON: ours when it is made, anybody's when it is read?

Its words are its signer's. A stranger may have written them, and they are read as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from faceswap_ae.common.json_fields import SHORT, JsonFields
from faceswap_ae.media import provenance
from faceswap_ae.version import TOOL

LABEL = "faceswap_ae.statement"  # of the assertion with what else the caller says
PARENT = "parent"  # links the action to the ingredient
MOST_PROBLEMS = 100  # of a file from a stranger
INTACT = ("trusted", "untrusted")  # the states of a file that nobody changed
# Failures that say nothing of the file, only of who signed it.
OF_THE_SIGNER = ("signingCredential.", "claimSignature.outsideValidity")
# IPTC's terms (https://cv.iptc.org/newscodes/digitalsourcetype) for what a model made, or changed.
VOCABULARY = "://cv.iptc.org/newscodes/digitalsourcetype/"
AI_SOURCES = (
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicallyEnhanced",
    "compositeSynthetic",
)
BOUND = ("assertion.dataHash.match", "assertion.bmffHash.match", "assertion.boxesHash.match")


@dataclass(frozen=True)
class Statement:
    """What a file's maker says of it."""

    what: str  # was done, in one line: `ben's face put onto ada`
    when: datetime
    title: str  # the file's final name
    parent: Path | None  # the performance; None if nothing of it may be in the file, not its name
    extra: Mapping[str, Any]  # as JSON


@dataclass(frozen=True)
class Credentials:
    """What a file's manifest says. Anybody can write one: its words are only the signer's."""

    state: str  # trusted, untrusted (intact, signer on no list), altered, unreadable
    signer: str = ""
    tool: str = ""
    what: str = ""
    when: str = ""
    source_type: str = ""
    problems: tuple[str, ...] = ()  # C2PA's codes, or one sentence
    ours: bool = False  # made with this toolkit, as it says itself

    @property
    def says_ai(self) -> bool:
        """Is the source type one of IPTC's for AI?"""
        return _is_ai(self.source_type)


def make_manifest(statement: Statement) -> dict[str, Any]:
    """Return the manifest that the library is to sign; it adds the hash and the parent."""
    marks = provenance.make_marks(statement.when, statement.what)
    name, _, version = TOOL.partition(" ")
    tool = {"name": name, "version": version}
    kind = {"digitalSourceType": provenance.SOURCE_TYPE}
    # The rules ask that a file was first opened or created; what was opened must then be named.
    first: dict[str, Any] = {"action": "c2pa.created", **kind}
    if statement.parent is not None:
        first = {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}
    edit = {"action": "c2pa.edited", "when": marks["ai_time"], "softwareAgent": tool, **kind}
    actions = [first, {**edit, "description": marks["ai_altered"]}]
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}, "created": True}]
    if statement.extra:
        assertions.append({"label": LABEL, "data": dict(statement.extra), "created": True})
    title = one_line(statement.title)
    return {"claim_generator_info": [tool], "title": title, "assertions": assertions}


def read_store(store: JsonFields) -> Credentials:
    """Return what the newest of a file's manifests says. Raises ValueError if it is none."""
    active = store.inner("manifests").inner(store.text("active_manifest"))
    action, signature = _find_action(active), active.inner("signature_info")
    writers = [one.values for one in _objects(active, "claim_generator_info")]
    tool = next(filter(None, map(_tool, [action.values.get("softwareAgent"), *writers])), "")
    names = dict.fromkeys(_text(signature, name) for name in ("common_name", "issuer"))
    problems = _problems(store)
    return Credentials(
        _state(store, problems),
        signer=", ".join(filter(None, names)),
        tool=tool,
        what=_text(action, "description"),
        when=_text(action, "when") or _text(signature, "time"),
        source_type=_text(action, "digitalSourceType"),
        problems=problems[:MOST_PROBLEMS],
        ours=tool.startswith(TOOL.partition(" ")[0] + " "),
    )


def one_line(words: object) -> str:
    """Return words as one line that cannot steer a terminal."""
    return "".join(filter(str.isprintable, " ".join(str(words).split())))[:SHORT]


def _state(store: JsonFields, failures: tuple[str, ...]) -> str:
    if store.text("validation_state", "") == "Trusted":
        return "trusted"
    held = _codes(store.inner("validation_results").inner("activeManifest"), "success")
    is_bound = "claimSignature.validated" in held and any(code in BOUND for code in held)
    blames_signer = all(code.startswith(OF_THE_SIGNER) for code in failures)
    return "untrusted" if is_bound and blames_signer else "altered"


def _problems(store: JsonFields) -> tuple[str, ...]:
    """Return the codes of what failed, also in the clips that this one was made of."""
    results = store.inner("validation_results")
    found = _codes(results.inner("activeManifest"), "failure")
    for clip in _objects(results, "ingredientDeltas"):
        found += _codes(clip.inner("validationDeltas"), "failure")
    return tuple(dict.fromkeys(found))


def _codes(results: JsonFields, name: str) -> list[str]:
    return [_text(one, "code") for one in _objects(results, name)]


def _find_action(manifest: JsonFields) -> JsonFields:
    """Return the last action by AI, else the last with a digital source type, else an empty one."""
    found = [
        action
        for assertion in _objects(manifest, "assertions")
        if _text(assertion, "label").startswith("c2pa.actions")
        for action in _objects(assertion.inner("data"), "actions")
        if "digitalSourceType" in action
    ]
    # What a person edited afterwards does not make it a photo again.
    by_ai = [one for one in found if _is_ai(_text(one, "digitalSourceType"))]
    return next(reversed(by_ai or found), JsonFields({}))


def _is_ai(source_type: str) -> bool:
    scheme, known, term = source_type.partition(VOCABULARY)
    return scheme in ("http", "https") and bool(known) and term in AI_SOURCES


def _tool(agent: object) -> str:
    """Return a tool's name and version; an older manifest has them in one text."""
    if isinstance(agent, dict):
        fields = JsonFields(agent)
        return f"{_text(fields, 'name')} {_text(fields, 'version')}".strip()
    return one_line(agent) if isinstance(agent, str) else ""


def _objects(fields: JsonFields, name: str) -> list[JsonFields]:
    return fields.objects(name) if fields.has(name) else []


def _text(fields: JsonFields, name: str) -> str:
    """Return a stranger's words; none if they are no text."""
    value = fields.values.get(name)
    return one_line(value) if isinstance(value, str) else ""
