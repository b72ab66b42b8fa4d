"""An assessment from the file or text that a person wrote."""

from pathlib import Path
from typing import Final

from msgspec import inspect

from plainview.document import Document, convert
from plainview.document.strict import form_of, options
from plainview.document.yaml import SUFFIXES, YamlDocument, read_either
from plainview.errors import ConfigError
from plainview.governance.assessment.form import Assessment
from plainview.governance.capability import check_capability

GUIDE: Final = "docs/reference/assessment.md"
MAX_BYTES: Final = 16_000_000
"""An assessment of `MAX_CAMERAS` cameras, each well described, has half of it."""


def load_assessment(path: Path) -> Assessment:
    """The assessment in the file `path`: YAML where its name ends so, otherwise TOML.

    Raises ConfigError, BoundaryError or InputError: one line with file, line and key.
    """
    return _from_document(read_either(path, MAX_BYTES))


def parse_assessment(text: str, name: str) -> Assessment:
    """The assessment in `text`, which is shown as `name` where it is wrong.

    It is YAML where `name` ends so, otherwise TOML. Raises as `load_assessment`.
    """
    path = Path(name)
    if len(text) > MAX_BYTES:
        raise ConfigError(
            f"larger than {MAX_BYTES // 1_000_000} MB: this is not an assessment",
            where=name,
            mend="Shorten it",
        )
    if path.suffix.lower() in SUFFIXES:
        return _from_document(YamlDocument(path, text))
    return _from_document(Document(path, text))


def _from_document(document: Document) -> Assessment:
    data = _without_empty_dates(document.data, form_of(Assessment))
    assessment = convert(document, data, Assessment, (), guide=GUIDE)
    for k, capability in enumerate(assessment.capabilities):
        check_capability(capability.name, document.where(("capabilities", k, "name")))
    return assessment


def _without_empty_dates(data: object, kind: inspect.Type) -> object:
    """`data` without the empty texts that a draft has where a date or number is to stand."""
    for option in options(kind):
        if isinstance(data, dict) and isinstance(option, inspect.StructType):
            fields = {field.encode_name: field.type for field in option.fields}
            return {
                key: _without_empty_dates(value, fields.get(key, inspect.AnyType()))
                for key, value in data.items()
                if value != "" or not _may_be_left_out(fields.get(key, inspect.AnyType()))
            }
        if isinstance(data, list) and isinstance(option, inspect.VarTupleType):
            return [_without_empty_dates(value, option.item_type) for value in data]
    return data


def _may_be_left_out(kind: inspect.Type) -> bool:
    return any(isinstance(option, inspect.NoneType) for option in options(kind))
