"""Which kinds of files and words are made hostile, and which commands read each?

Every command of the command line is in `CHANGES`, with what it may change. What a command writes
besides is called `made` here.
"""

from collections.abc import Mapping

from tests.support.hostile import archives, clips, damage, foreign, odd, pictures
from tests.support.hostile.kinds import of_file, spoilt

RUN, SWAP, FACE = "ben-onto-ada", "swap.mp4", "data/ada/ada-164140-000003.png"
SMALL = "width=.1 size=32 latent=16 batch=4 precision=float32"
CONVERT = f"convert ada.mp4 -o made.mp4 --end 0.3s --run {RUN}"
INSTANT = "convert ada.mp4 -o made.mp4 --end 0.3s --face data/ada --everyone"
MOVED = "reenact --face photos/2.jpg --driver ada.mp4 -o made.mp4"
ANONYMISE = "anonymise ada.mp4 -o made --method blocks"
RESUME = f"convert ada.mp4 -o late.mp4 --run {RUN}"
EVALUATE = f"evaluate {SWAP} --face ben.mp4 --onto ada.mp4 -o made.html"
TRUTH = f"{EVALUATE} --truth truth"
TRAIN = f"train --face ben --onto ada --steps 13 {SMALL}"
BEGIN = "train --face ben --onto ada --run new --steps 1"
EXTRACT = "extract ada.mp4 --as ada --size 64"
PREVIEW = f"preview {RUN}"
REFIT = "faces realign ada --landmarks mesh"
TUNE = f"tune ada.mp4 --run {RUN} -o made.png --frames 1"
WHOLE = f"swap --face ben.mp4 --onto ada.mp4 -o made.mp4 --steps 1 {SMALL}"
SYNTH = "synth made --seconds 0.2 --size 160x120 --fps 5 --who ada --as-if ben"
CACHE = "../xdg_cache_home/faceswap_ae"
DEMO = "demo -o film --minutes 0.01 --seconds 2"
SHOWN = ("faces show ada", "faces show ada --json")
FACES = (
    *SHOWN,
    *("faces show ada -o made.html", "faces show ada -o made.png", "faces sort ada --by sharpness"),
    *("faces sort ada", "faces drop ada --worst 2 --by sharpness", "faces split ada"),
    *("faces keep ada --best 2 --by sharpness", "faces restore ada --all"),
    *("faces merge ada ben -o made", "faces pack ada", f"faces realign {FACE} points.json"),
)
ZIPPED = ("faces show zipped", "faces unpack zipped.zip", "faces merge zipped -o made")
RUNS = (
    *("runs list", "runs list --json", f"runs show {RUN}", f"runs show {RUN} --json"),
    *(f"runs pack {RUN}", f"runs pack {RUN} --light", f"runs rm {RUN} --yes", f"runs rm {RUN}"),
)
CLIP = (
    *(
        "info ada.mp4",
        "info ada.mp4 --json",
        "verify ada.mp4",
        "cut ada.mp4 -o made.mkv --end 0.4s",
    ),
    *("cut ada.mp4 -o made.gif --frames 0-2", "cut ada.mp4 -o made --frames 0-2"),
    *("side ada.mp4 ben.mp4 -o made.mp4", "cut ada.mp4 -o made.mp4 --keep-going --end 0.4s"),
)
PHOTO = (
    "info photos",
    "info photos --json",
    "verify photos --json",
    "cut photos -o made.mkv --fps 25",
)
COMPILED = ("mine/*/__pycache__*",)  # what Python keeps of a plug-in's file
# What each command may change, besides what is called `made`.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "demo": ("film*",),
    "doctor": (),
    "swap": (),
    "reenact": (),
    "anonymise": (),
    "extract": ("data/*",),
    "train": ("runs/*", *COMPILED),
    "convert": ("late.*", ".late.*"),
    "evaluate": (),
    "preview": (f"runs/{RUN}/preview.png",),
    "tune": (),
    "models": COMPILED,
    "models check": COMPILED,
    "fetch": (),
    "info": (),
    "verify": (),
    "cut": (),
    "side": (),
    "synth": (),
    "faces show": (),
    "faces sort": ("data/ada/*",),
    "faces drop": ("data/ada/*",),
    "faces keep": ("data/ada/*",),
    "faces restore": ("data/ada/*",),
    "faces import": ("data/new*",),
    "faces merge": ("data/made*",),
    "faces split": ("data/ada-*",),
    "faces pack": ("data/ada.zip",),
    "faces unpack": ("data/zipped*",),
    "faces realign": ("data/ada/*",),
    "runs list": (),
    "runs show": (),
    "runs pack": ("runs/*.zip",),
    "runs rm": (f"runs/{RUN}*",),
}


# What needs no network: about a hundred of each in make test.
FILES = {
    "face": of_file("data/ada/*.png", pictures.changed_face, *FACES),
    "journal": of_file("data/ada/.journal.jsonl", damage.changed_lines, *FACES),
    "zip of faces": of_file("data/zipped.zip", archives.changed_zip, *ZIPPED),
    "points": of_file("points.json", damage.changed_json, f"faces realign {FACE} points.json"),
    "list of faces": of_file(
        *("drop.txt", damage.changed_bytes, "faces drop ada --list drop.txt"),
        *("faces keep ada --list drop.txt", "faces restore ada --list drop.txt"),
    ),
    "run card": of_file(f"runs/{RUN}/run.json", damage.changed_json, *RUNS),
    "log": of_file(f"runs/{RUN}/log.jsonl", damage.changed_lines, *RUNS[:4]),
    "recipe of a run": of_file(f"runs/{RUN}/recipe.yaml", damage.changed_yaml, *RUNS[2:5]),
    "manifest": of_file(f"runs/{RUN}/checkpoints/*.json", damage.changed_json, *RUNS),
    "tensors": of_file(
        f"runs/{RUN}/checkpoints/*.safetensors", archives.changed_tensors, *RUNS[2:6]
    ),
    "clip": of_file("ada.mp4", pictures.changed_mp4, *CLIP),
    "marks of a swap": of_file(
        SWAP, pictures.changed_mp4, f"info {SWAP}", f"info {SWAP} --json", f"verify {SWAP}"
    ),
    "PNG": of_file("photos/1.png", pictures.changed_png, *PHOTO),
    "JPEG": of_file("photos/2.jpg", pictures.changed_jpeg, *PHOTO),
    "other pictures": of_file("photos/[3-9].*", damage.changed_numbers, *PHOTO),
}
QUICK = {
    **FILES,
    "extreme clip": spoilt(clips.extreme, *CLIP),
    "odd file": odd.in_place_of(FILES.values()),
    "odd output": odd.at_output(CLIP, FACES, RUNS),
    "odd name": odd.named(*CLIP, *PHOTO, *FACES[:4], FACES[-3], *RUNS[2:4]),
    "words": odd.words((*CLIP, *PHOTO, *FACES, *RUNS, *ZIPPED)),
}
# What computes with networks: a handful of each in make test-slow.
USED = {
    "people": of_file(f"runs/{RUN}/people.json", damage.changed_json, CONVERT),
    "report": of_file(f"{SWAP}.json", damage.changed_json, EVALUATE),
    "used manifest": of_file(
        f"runs/{RUN}/checkpoints/*.json", damage.changed_json, CONVERT, PREVIEW, TRAIN
    ),
    "used tensors": of_file(
        f"runs/{RUN}/checkpoints/*.safetensors", archives.changed_tensors, CONVERT, PREVIEW, TRAIN
    ),
    "used recipe": of_file(f"runs/{RUN}/recipe.yaml", damage.changed_yaml, CONVERT, PREVIEW, TRAIN),
    "used run card": of_file(f"runs/{RUN}/run.json", damage.changed_json, CONVERT, PREVIEW, TRAIN),
    "used log": of_file(f"runs/{RUN}/log.jsonl", damage.changed_lines, TRAIN),
    "used clip": of_file(
        "ada.mp4", pictures.changed_mp4, CONVERT, INSTANT, MOVED, ANONYMISE, EVALUATE, EXTRACT, TUNE
    ),
    "measured swap": of_file(SWAP, pictures.changed_mp4, EVALUATE),
    "used face": of_file(
        "data/ada/*.png", pictures.changed_face, TRAIN, EXTRACT, CONVERT, INSTANT, REFIT
    ),
    "used journal": of_file(
        "data/ada/.journal.jsonl", damage.changed_lines, CONVERT, EXTRACT, TUNE, REFIT
    ),
    "photo": of_file(
        *("photos/2.jpg", pictures.changed_jpeg, "extract photos --as new --size 64", MOVED),
        f"{CONVERT} --not photos/2.jpg",
        f"{CONVERT} --mask photos/2.jpg",
        "extract ada.mp4 --as new --like photos/2.jpg",
        f"convert photos/2.jpg -o made.png --run {RUN} --everyone",
    ),
    "own recipe": of_file("own.yaml", damage.changed_yaml, f"{BEGIN} --recipe own.yaml"),
    "truth": of_file("truth/truth.json", damage.changed_lines, TRUTH),
    "cached journal": of_file(
        f"{CACHE}/journals/*/.journal.jsonl",
        damage.changed_lines,
        *(CONVERT, EVALUATE),
    ),
    "part of a conversion": of_file(".late.mp4.parts/*", damage.changed_numbers, RESUME),
    "list of parts": of_file(".late.mp4.parts/*.json", damage.changed_json, RESUME),
    "VGGFace weights": of_file(
        "vggface.h5", damage.changed_numbers, f"{BEGIN} {SMALL} --vggface vggface.h5 perceptual=.1"
    ),
}
LONG = {
    **USED,
    "set of another program": spoilt(foreign.any_set, "faces import set --as new"),
    "pin": spoilt(
        damage.in_file(f"{CACHE}/weights/*.json", damage.changed_json),
        *("fetch", "fetch vggface2", "fetch vggface2-senet"),
        f"{BEGIN} {SMALL} perceptual_net=vggface2-senet perceptual=.1",
        asks=True,
    ),
    "used extreme clip": spoilt(clips.extreme, CONVERT, EVALUATE, EXTRACT, TUNE),
    "used odd file": odd.in_place_of(USED.values()),
    "used odd output": odd.at_output((CONVERT, EVALUATE, TUNE, RESUME)),
    "plug-in": spoilt(
        odd.plug_in,
        *("models --plugins mine", "models check mine/models/mine.py"),
        f"{BEGIN} model=mine --plugins mine",
    ),
    "used words": odd.words((CONVERT, EVALUATE, TRAIN, BEGIN, EXTRACT, TUNE, SYNTH)),
    "whole": of_file("*.mp4", pictures.changed_mp4, WHOLE),
    "demo": of_file("film/clips/*/truth.json", damage.changed_lines, DEMO),
    "doctor": spoilt(odd.folders, "doctor", "doctor --json"),
}
KINDS = {**QUICK, **LONG}
