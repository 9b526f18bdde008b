"""`rpns rebuild`, `rpns backup`, `rpns restore`: the database from the log, into files, and back. As a shell sees them.

They reach Kafka and MongoDB themselves, by the services' own settings or the local stack's. Exit codes: 0 done; 1
refused or out of reach; 4 `rebuild --compare` has found differences.
"""

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.options import AsJson

Folder = Annotated[Path, typer.Argument(help="folder of the backup", show_default=False)]


def rebuild(
    context: typer.Context,
    into: Annotated[str, typer.Option("--into", help="name of the second database; default: <database>-rebuilt")] = "",
    compare: Annotated[
        bool, typer.Option("--compare", help="then show by id what differs from the database in use")
    ] = False,
    switch: Annotated[
        bool, typer.Option("--switch", help="finish it and hand the services over to it; all of them are stopped")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what an earlier rebuild has made there")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database once more from the log, into a second one. Nothing is sent; killed, it goes on where it was."""
    from deploy.cli.repair import rebuild as body

    body.rebuild(context, body.Asked(into, compare=compare, switch=switch, fresh=fresh), as_json=as_json)


def backup(context: typer.Context, folder: Folder, as_json: AsJson = False) -> None:
    """Write the database, and how far everything had come, into a new folder. Services may run meanwhile."""
    from deploy.cli.repair import backup as body

    body.backup(context, folder, as_json=as_json)


def restore(
    context: typer.Context,
    folder: Folder,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="drop what is in the database")] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="also where the log does not reach back to the backup any more")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load a backup into the empty database, then add from the log what came since. All services are stopped."""
    from deploy.cli.repair import backup as body

    body.restore(context, folder, overwrite=overwrite, incomplete=incomplete, as_json=as_json)
