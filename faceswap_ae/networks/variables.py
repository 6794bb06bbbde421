"""Which named arrays are the state of Keras models, and how is that state assigned again?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceswap_ae.common.errors import UserError

Arrays = dict[str, NDArray[Any]]


def named_variables(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of Keras models, by names that are the same in every session."""
    return {
        f"{name}/{number:04d}": variable
        for name, part in sorted(parts.items())
        for number, variable in enumerate(part.variables)
    }


def to_arrays(variables: Mapping[str, Any]) -> Arrays:
    """Copy the current values of variables to arrays."""
    # Keras's own conversion is not used: it asks for a copy in a way that TensorFlow does not know.
    return {name: np.asarray(variable).copy() for name, variable in variables.items()}


def select_parts(parts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return the arrays of these parts; arrays have the names that `named_variables` gives."""
    return {name: array for name, array in arrays.items() if name.rpartition("/")[0] in parts}


def assign_arrays(
    variables: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], whose: str
) -> None:
    """Assign arrays to variables. Raises UserError unless all names and shapes agree."""
    wrong = [
        name
        for name in {*variables, *arrays}
        if name not in variables
        or name not in arrays
        or tuple(variables[name].shape) != arrays[name].shape
    ]
    if wrong:
        what = f"{len(wrong)} of its arrays do not fit this model, such as {min(wrong)}"
        raise UserError(f"{whose}: {what}; was its recipe or its model's file changed?")
    for name, variable in variables.items():
        variable.assign(arrays[name])
