"""`rpns`, `python -m deploy.cli`, `deploy/rpns`."""

from deploy.cli.app import app


def main() -> None:
    app(prog_name="rpns")


if __name__ == "__main__":
    main()
