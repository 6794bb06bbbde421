"""`swap`: how is a swap made from two clips in one go?"""

import os
from pathlib import Path

from faceswap_ae.interface.arguments import (
    AnyPath,
    Changes,
    Device,
    Paths,
    as_changes,
    as_path,
    as_paths,
)
from faceswap_ae.interface.calls import public
from faceswap_ae.interface.process import choose_device_once
from faceswap_ae.interface.progress_bars import ProgressFunction, choose_display
from faceswap_ae.interface.results import SwapResult, TrainResult


@public
def swap(
    face: AnyPath,
    onto: AnyPath,
    out: AnyPath,
    changes: Changes = (),
    *,
    recipe: AnyPath | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    instant: bool = False,
    like: Paths = (),
    truth: AnyPath | None = None,
    watermark: bool = True,
    sign: bool = True,
    certificate: AnyPath | None = None,
    overwrite: bool = False,
    gpu: Device | None = None,
    progress: bool | ProgressFunction = True,
) -> SwapResult:
    """Extract, train, convert and evaluate in one go. Only for people who agreed.

    A first swap, without training, is made at once; the trained one replaces it. Stopped anywhere,
    the same call goes on there. All its work lies in OUT.work/, with a report to look at and a
    log; more minutes train on and make the result anew.

    >>> clips = "clips/ben/clip.mp4", "clips/ada/clip.mp4"
    >>> small = {"width": 0.25, "size": 32, "latent": 32, "batch": 4}
    >>> made = swap(*clips, "all.mp4", small, steps=2)
    >>> made.report
    PosixPath('all.work/report.html')

    Args:
        face: Of whose face is wanted: a clip, a photo, or a folder of them.
        onto: The clip onto which it goes.
        out: The result: .mp4, .mov or .mkv.
        changes: key=value, over what the recipe says.
        recipe: A name, or a .yaml file. The run's own, or quick for a new one, if unsaid.
        minutes: Of training.
        steps: Instead of minutes, or beside them.
        instant: No training: the pictures of the face are bent to the performance.
        like: Photos of the person whose face is wanted, if FACE shows several people.
        truth: The folder of the exact answer, of synth --as-if.
        watermark: An invisible mark in the pixels, which outlives encoding and scaling.
        sign: A signed statement in the file (Content Credentials), with the extra `marks`.
        certificate: PEM with your chain and key, for signing; else one is made at first use.
        overwrite: Replace a file at OUT, though it is none of our outputs.
        gpu: Which GPU: 0, 1, or cpu.
        progress: A bar; False is none; or a function of a task, the share done, and words.
    """
    choose_device_once(gpu)
    from faceswap_ae.evaluation.target import clip_in
    from faceswap_ae.marks.seal import MarkOptions
    from faceswap_ae.pipelines import swap as pipeline
    from faceswap_ae.training.session import trained_so_far

    wanted = pipeline.Swap(
        clip_in(Path(face)),
        clip_in(Path(onto)),
        Path(out),
        recipe=None if recipe is None else os.fspath(recipe),
        changes=tuple(as_changes(changes)),
        minutes=minutes,
        steps=steps,
        instant=instant,
        like=as_paths(like),
        truth=as_path(truth),
        marks=MarkOptions(watermark, sign, as_path(certificate)),
        overwrite=overwrite,
    )
    display = choose_display(progress)
    done = pipeline.swap(wanted, display.progress, display.status)
    own = done.run
    run = None if own is None else TrainResult(own.folder, own.preview, *trained_so_far(own))
    return SwapResult(done.out, run, done.report, done.metrics)
