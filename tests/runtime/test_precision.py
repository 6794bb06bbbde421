import keras
import pytest

from faceswap_ae.runtime import precision
from faceswap_ae.runtime.hardware import describe_cpu


@pytest.mark.parametrize(
    ("wanted", "policy"),
    [("float32", "float32"), ("bfloat16", "mixed_bfloat16"), ("float16", "mixed_float16")],
)
def test_what_is_asked_for_is_done(wanted: str, policy: str) -> None:
    assert precision.dtype_policy(wanted) == policy
    assert keras.DTypePolicy(policy).variable_dtype == "float32"


def test_auto_is_what_the_processor_is_quick_at() -> None:
    quick = any(name in describe_cpu()["features"] for name in precision.CPU_FEATURES)
    if precision.gpu_capability() is None:
        assert precision.dtype_policy("auto") == ("mixed_bfloat16" if quick else "float32")
