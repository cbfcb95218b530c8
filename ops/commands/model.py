"""`ringahead model`: the model in force, for people to read, and a model's file, to be checked."""

from pathlib import Path

import click

from forecasting.artefact import PopulationModel, loads
from forecasting.card import card
from forecasting.errors import ModelRefused
from ops.published_model import read_model
from schemas.errors import BadFile, BadInput
from schemas.settings import load_settings

LARGEST_MODEL_BYTES = 256 * 1024 * 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--digest", metavar="SHA256", help="A stored model other than the one in force.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FOLDER", help="Write the artefact and its card here.")
def command(file: Path | None, digest: str | None, save: Path | None) -> None:
    """Print the card of the model in force: its data, its scores, its parameters, its limits.

    With FILE, an artefact as --save wrote it, the file is checked and its card printed; one that is truncated, of
    another version or altered is refused with the reason, exit code 2. --save writes model-DIGEST.json and
    model-DIGEST.md.
    """
    if file is not None and digest is not None:
        raise BadInput("a FILE and --digest are two models; name one")
    if save is not None and not save.is_dir():
        raise BadInput(f"{save}: there is no such folder; make it, or choose another")
    model = _of_file(file) if file is not None else read_model(load_settings(), digest)
    text = card(model)
    if save is None:
        click.echo(text)
        return
    for suffix, content in (("json", model.artefact), ("md", text.encode())):
        place = save / f"model-{model.digest[:16]}.{suffix}"
        place.write_bytes(content)
        click.echo(str(place))


def _of_file(path: Path) -> PopulationModel:
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file")
    if path.stat().st_size > LARGEST_MODEL_BYTES:
        raise BadFile(f"{path}: too large for a model")
    try:
        return loads(path.read_bytes())
    except ModelRefused as error:
        raise BadFile(f"{path}: {error}") from error
