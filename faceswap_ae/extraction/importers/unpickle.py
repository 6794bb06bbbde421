"""How is a pickle of numbers read without running any code in it?

A pickle is a program for a small stack machine (PEP 307, 3154, 574). Python's own machine imports
and calls what a program names, sets attributes of the objects that it made, and allocates the
memory that a program asks for before it checks whether the bytes are there. So this file has its
own machine. It knows the opcodes of plain data: numbers, texts, bytes, lists, tuples and dicts. A
name is looked up in one table of functions that rebuild numpy's arrays (`arrays.NAMES`). All other
names and opcodes are refused; nothing is ever imported.
"""

import pickletools
import struct
from collections.abc import Callable
from typing import Any

from faceswap_ae.common.errors import MediaError, UserError
from faceswap_ae.extraction.importers.arrays import NAMES, Name, build

LARGEST = 2**28  # bytes of one pickle
MOST = 10_000_000  # lists, dicts, tuples and memo entries of one pickle: about a gigabyte
NEWEST = 5  # the last protocol
LONGEST_INTEGER = 16  # bytes
SHOWN = 80  # characters of foreign text in a message

Step = Callable[["_Machine"], None]


def read(data: bytes, name: str) -> Any:
    """Return what a pickle holds. Raises UserError with the file and what it wanted to run."""
    if len(data) > LARGEST:
        raise UserError(f"{name}: {len(data) >> 20} MiB of face data; no face set has so much")
    try:
        return _Machine(data).run()
    except _Refusal as refusal:
        raise UserError(f"{name}: its data {refusal}; refused: this is no face set") from None
    except (ValueError, IndexError, KeyError) as error:
        why = f"its face data is cut off or damaged ({error})"
        raise MediaError(f"{name}: {why}; copy it again or leave it out") from error


class _Refusal(Exception):
    """The data does what no face set does; the message is the rest of a sentence about it."""


class _Machine:
    """The stack machine, for one run through one pickle."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.made = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []  # the height of the stack at each mark
        self.notes: dict[int, Any] = {}

    def run(self) -> Any:
        while (word := self.take(1)[0]) != STOP:
            step = STEPS.get(word)
            if step is None:
                raise _Refusal(f"asks for {_word(word)}")
            step(self)
        return self.stack.pop()

    def take(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise ValueError("it ends too early")
        self.at += count
        return part

    def line(self) -> str:
        end = self.data.index(b"\n", self.at)
        return _text(self.take(end + 1 - self.at)[:-1])

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def push(self, made: Any) -> None:
        self.count()
        self.stack.append(made)

    def note(self, key: int) -> None:
        self.count()
        self.notes[key] = self.stack[-1]

    def count(self) -> None:
        """Count the objects made, because one byte of a pickle can take a hundred in memory."""
        self.made += 1
        if self.made > MOST:
            raise _Refusal(f"holds more than {MOST} things")

    def last(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise ValueError("it takes what it never put")
        taken = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return taken

    def since_mark(self) -> list[Any]:
        mark = self.marks.pop()
        taken = self.stack[mark:]
        del self.stack[mark:]
        return taken

    def top(self, kind: type) -> Any:
        found = self.stack[-1]
        if type(found) is not kind:
            raise ValueError(f"a {type(found).__name__} where a {kind.__name__} belongs")
        return found


def _protocol(machine: _Machine) -> None:
    version = machine.number("B")
    if version > NEWEST:
        raise ValueError(f"pickle protocol {version}")


def _frame(machine: _Machine) -> None:
    machine.take(8)  # a length that only helps readers of a pipe


def _mark(machine: _Machine) -> None:
    machine.count()
    machine.marks.append(len(machine.stack))


def _constant(value: bool | None) -> Step:
    return lambda machine: machine.stack.append(value)


def _number(layout: str) -> Step:
    return lambda machine: machine.stack.append(machine.number(layout))


def _integer(machine: _Machine) -> None:
    length = machine.number("B")
    if length > LONGEST_INTEGER:
        raise _Refusal(f"holds a number of {length} bytes")
    machine.stack.append(int.from_bytes(machine.take(length), "little", signed=True))


def _sized(layout: str, made: Callable[[bytes], Any]) -> Step:
    """Return the step that reads a length, then as many bytes."""
    return lambda machine: machine.stack.append(made(machine.take(machine.number(layout))))


def _text(part: bytes) -> str:
    return part.decode("utf-8", "replace")


def _tuple(count: int) -> Step:
    return lambda machine: machine.push(machine.last(count))


def _append(machine: _Machine) -> None:
    items = machine.last(1)
    machine.top(list).extend(items)


def _appends(machine: _Machine) -> None:
    items = machine.since_mark()
    machine.top(list).extend(items)


def _set_item(machine: _Machine) -> None:
    pair = machine.last(2)
    _fill(machine.top(dict), list(pair))


def _set_items(machine: _Machine) -> None:
    pairs = machine.since_mark()
    _fill(machine.top(dict), pairs)


def _fill(target: dict[str, Any], pairs: list[Any]) -> None:
    keys, values = pairs[::2], pairs[1::2]
    # Other keys could be made to collide, or be nested so deeply that hashing overflows the stack.
    if not all(type(key) is str for key in keys):
        raise _Refusal("names things by other than words")
    target.update(zip(keys, values, strict=True))


def _global(machine: _Machine) -> None:
    machine.push(_named(machine.line(), machine.line()))


def _stack_global(machine: _Machine) -> None:
    module, name = machine.last(2)
    if type(module) is not str or type(name) is not str:
        raise ValueError("a name that is no word")
    machine.push(_named(module, name))


def _instance(machine: _Machine) -> None:
    """Refuse protocol 0's opcode for a class and its call; the message gives the class's name."""
    name = _named(machine.line(), machine.line())
    raise _Refusal(f"misuses '{name.name}'")


def _named(module: str, name: str) -> Name:
    full = f"{module}.{name}"
    if full not in NAMES:
        raise _Refusal(f"asks to run '{_shown(full)}'")
    return NAMES[full]


def _reduce(machine: _Machine) -> None:
    name, arguments = machine.last(2)
    if type(name) is not Name or type(arguments) is not tuple:
        raise _Refusal("calls what is no function")
    try:
        made = name.call(*arguments)
    except (ValueError, TypeError) as error:
        raise _Refusal(f"misuses '{name.name}' ({_shown(str(error))})") from error
    machine.push(made)


def _build(machine: _Machine) -> None:
    (state,) = machine.last(1)
    try:
        build(machine.stack[-1], state)
    except (ValueError, TypeError) as error:
        raise _Refusal(f"fills an array wrongly ({_shown(str(error))})") from error


def _shown(text: str) -> str:
    """Return foreign text that is safe in a message: no control characters, not too long."""
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[: SHOWN + 1])
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"


def _word(code: int) -> str:
    known = [word.name for word in pickletools.opcodes if word.code == chr(code)]
    return f"the pickle word {known[0]}" if known else f"an unknown pickle word ({code})"


STOP = ord(".")
STEPS: dict[int, Step] = {
    0x80: _protocol,
    0x95: _frame,
    ord("("): _mark,
    ord("N"): _constant(None),
    0x88: _constant(True),
    0x89: _constant(False),
    ord("J"): _number("<i"),
    ord("K"): _number("B"),
    ord("M"): _number("<H"),
    ord("G"): _number(">d"),
    0x8A: _integer,
    ord("X"): _sized("<I", _text),
    0x8C: _sized("B", _text),
    0x8D: _sized("<Q", _text),
    ord("B"): _sized("<I", bytes),
    ord("C"): _sized("B", bytes),
    0x8E: _sized("<Q", bytes),
    0x96: _sized("<Q", bytes),
    ord("]"): lambda machine: machine.push([]),
    ord("}"): lambda machine: machine.push({}),
    ord(")"): _tuple(0),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("t"): lambda machine: machine.push(tuple(machine.since_mark())),
    ord("a"): _append,
    ord("e"): _appends,
    ord("s"): _set_item,
    ord("u"): _set_items,
    ord("q"): lambda machine: machine.note(machine.number("B")),
    ord("r"): lambda machine: machine.note(machine.number("<I")),
    0x94: lambda machine: machine.note(len(machine.notes)),
    ord("h"): lambda machine: machine.stack.append(machine.notes[machine.number("B")]),
    ord("j"): lambda machine: machine.stack.append(machine.notes[machine.number("<I")]),
    ord("c"): _global,
    0x93: _stack_global,
    ord("i"): _instance,
    ord("R"): _reduce,
    ord("b"): _build,
}
