"""How does `faceswap-ae fetch` download published weights that are not part of the toolkit?

It downloads them once, and only on request.
"""

from typing import Annotated

import typer

from faceswap_ae.cli.terminal import Session


def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Which; without one, all are listed.")] = None,
) -> None:
    """Fetch a network that knows faces, for perceptual losses, or list those there are.

    What broke off goes on where it stopped. Nothing else ever downloads anything: without them
    faces are compared by dlib's network, which comes along.

    \b
    faceswap-ae fetch
    faceswap-ae fetch vggface2
    """
    from faceswap_ae.common.cache_dir import cache_dir
    from faceswap_ae.common.download import fetch
    from faceswap_ae.common.errors import UserError, unknown
    from faceswap_ae.runtime.backend import load_keras

    session: Session = context.obj
    load_keras()
    from faceswap_ae.training.losses import feature_networks

    folder = cache_dir() / "weights"
    if name is None:
        typer.echo(feature_networks.NOTICE)
        for one, published in feature_networks.FILES.items():
            state = "here" if (folder / published.name).exists() else "not here"
            typer.echo(f"{one:15} {state:9} {published.url}")
        return
    if name not in feature_networks.FILES:
        raise UserError(unknown("published network", name, feature_networks.FILES))
    with session.status(f"fetch {name}") as say:

        def heard(have: int, total: int | None) -> None:
            of = "" if total is None else f" of {total / 2**20:.0f}"
            say(have / total if total else 0.0, f"{have / 2**20:.0f}{of} MiB")

        path = fetch(feature_networks.FILES[name], folder, heard)
    typer.echo(f"{path}: {name}, used by training from now on where a recipe says auto")
