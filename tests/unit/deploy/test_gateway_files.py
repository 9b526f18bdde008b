"""The files of gateways are what the table of routes says."""

from deploy.gateway.__main__ import ROOT, files


def test_generated_files_are_fresh() -> None:
    assert [name for name, text in files().items() if (ROOT / name).read_text() != text] == [], "run `make schemas`"
