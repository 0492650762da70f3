"""import: what others made, of soil and of places."""

import click

from collector.cli.places import places
from collector.cli.tables import layers


@click.group(name="import")
def import_group() -> None:
    """Import tables of layers, and plots and points, of other people.

    \b
    Example:
      permille import layers soil.csv --mapping soil.toml
      permille import places plots.geojson
    """


import_group.add_command(layers)
import_group.add_command(places)
