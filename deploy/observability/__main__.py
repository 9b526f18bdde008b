"""Writes the dashboards of `grafana/` from `dashboards.py`.

python -m deploy.observability            write them
python -m deploy.observability --check    exit 1 when a file is not what the code says
"""

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.observability.dashboards import MAILINGS, OVERVIEW, PROVIDER
from deploy.observability.panels import dashboard

FOLDER = Path(__file__).parent / "grafana"


def written() -> dict[str, str]:
    """File name to content."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    providers = ("provider", "label_values(rpns_provider_away, provider)")
    built = [
        dashboard("rpns-overview", "RPNS overview", OVERVIEW),
        dashboard("rpns-provider", "RPNS provider", PROVIDER, providers),
        dashboard("rpns-mailings", "RPNS mailings", MAILINGS),
    ]
    return {f"{found.uid}.json": encoder.encode(found) + "\n" for found in built}


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    wanted = written()
    stale = [name for name, text in wanted.items() if not _is_there(FOLDER / name, text)]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"deploy/observability/grafana/{name} is not what the code says; run `make schemas`\n")
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(wanted[name])
    sys.stdout.write(f"dashboards: {len(wanted)}, {len(stale)} changed\n")
    return 0


def _is_there(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
