"""Short numbers of names, which only the writer gives out."""

from sqlalchemy import Connection, Table, insert, select


class Names:
    """Owns what is known of the numbers in `table`: columns id and name. Only ever added to."""

    def __init__(self, table: Table) -> None:
        """Of none."""
        self._table = table
        self.numbers: dict[str, int] = {}
        """Replaced, never changed: whoever has it may go on reading."""

    def load(self, connection: Connection) -> None:
        """Learn those that are not known yet."""
        last = max(self.numbers.values(), default=0)
        columns = self._table.c
        rows = connection.execute(select(columns.name, columns.id).where(columns.id > last))
        self.numbers = self.numbers | {row.name: row.id for row in rows}

    def add(self, connection: Connection, names: set[str]) -> dict[str, int]:
        """Numbers for those of `names` that have none; to be kept once they are durable."""
        new = sorted(names - self.numbers.keys())
        added = dict(
            zip(new, range(max(self.numbers.values(), default=0) + 1, 1 << 31), strict=False)
        )
        if added:
            rows = [{"id": number, "name": name} for name, number in added.items()]
            connection.execute(insert(self._table), rows)
        return added

    def keep(self, added: dict[str, int]) -> None:
        """What `add` gave out is durable."""
        if added:
            self.numbers = self.numbers | added
