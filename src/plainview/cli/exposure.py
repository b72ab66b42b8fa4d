"""`plainview exposure`: how much of a walk or a district is seen, and the least-seen way."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


def exposure(  # noqa: PLR0913, PLR0917 - each is an option of its own
    start: Annotated[str, Option("--from", metavar="LAT,LON", help="Where a walk begins.")] = "",
    end: Annotated[str, Option("--to", metavar="LAT,LON", help="Where it ends.")] = "",
    network: Annotated[
        Path | None,
        Option(help="Footpaths: an OpenStreetMap extract (.osm) or lines (.geojson)."),
    ] = None,
    walks: Annotated[
        Path | None, Option(help="Walks, such as ways to school: lines in GeoJSON.")
    ] = None,
    districts: Annotated[Path | None, Option(help="Districts: polygons in GeoJSON.")] = None,
    register: Annotated[
        str | None,
        Option(
            metavar="URL|FILE|STATE",
            help="A portal's address, an exported register, or a state folder.",
            show_default=False,
        ),
    ] = None,
    city: Annotated[
        Path | None,
        Option(help="CITY.toml: where cameras are, with a state folder.", show_default=False),
    ] = None,
    every: Annotated[
        bool, Option("--all", help="Avoid cameras that do not run now as well.")
    ] = False,
    detour: Annotated[
        float, Option(help="How much longer a way may be, as a share.", min=0, max=10)
    ] = 1.0,
    as_json: Annotated[bool, Option("--json", help="JSON instead of text.")] = False,
    out_map: Annotated[Path | None, Option("--map", help="Write a map here, as SVG.")] = None,
) -> None:
    """Say how many cameras see a walk or a district, for how long and doing what.

    From the public register alone. With footpaths, the least-seen way is looked for as well.

    \b
    Example: plainview exposure --from 0.0000,0.0000 --to 0.0003,0.0003
             --register http://127.0.0.1:8420 --map walk.svg
    Example: plainview exposure --districts wards.geojson --network city.osm
             --register register.json --json
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.exposure import Asked, lines_of
    from plainview.app.exposure import exposure as job

    asked = Asked(start, end, walks, districts, network, every, detour)
    report = job(asked, register=register, city=city, out_map=out_map)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
        return
    for line in lines_of(report):
        typer.echo(line)
