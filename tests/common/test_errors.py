from faceswap_ae.common.errors import Fault, MediaError, UserError, unknown


def test_statuses_tell_whose_move_it_is() -> None:
    assert UserError.status == MediaError.status == 2
    assert Fault.status == 1


def test_unknown_guesses_what_was_meant() -> None:
    known = ["original", "lightweight"]
    assert unknown("model", "orignal", known) == (
        "unknown model 'orignal'; did you mean 'original'? (known: lightweight, original)"
    )
    assert unknown("model", "zzz", known) == "unknown model 'zzz' (known: lightweight, original)"
    assert unknown("model", "zzz", []) == "unknown model 'zzz' (known: none)"
