"""Published statistics as files: each as `plainview publish` wrote it, and no other file."""

from pathlib import Path
from typing import Final

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from plainview.civic.statistics.tables import FILES
from plainview.web.portal.answers import OPEN, SHORT, Answer, Asking, answer
from plainview.web.portal.statistics import DAY, ENTRY

_TYPES: Final = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
}


def statistics_handlers(folder: Path) -> list[HTTPRouteHandler]:
    """Handlers of `/portal/statistics/DAY/FILE` over the published days in `folder`."""

    @get(
        "/portal/statistics/{day:str}/{file:str}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def published(request: Asking, day: FromPath[str], file: FromPath[str]) -> Answer:
        """A day's figures as data."""
        if not DAY.fullmatch(day) or file not in {*FILES, ENTRY}:
            raise NotFoundException(
                f"Published statistics are there as DAY/FILE: {', '.join(FILES)}"
            )
        try:
            data = (folder / day / file).read_bytes()
        except OSError as error:
            raise NotFoundException("Nothing was published of that day") from error
        headers = {
            "cache-control": SHORT,
            "content-disposition": f'attachment; filename="{day}-{file}"',
            **OPEN,
        }
        return answer(request, data, _TYPES[Path(file).suffix], headers)

    return [published]
