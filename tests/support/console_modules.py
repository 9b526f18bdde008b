"""Runs modules of the console, without a browser, in the Node that builds it."""

import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.console import FOLDER
from deploy.console.build import BuildError, node

SOURCE = FOLDER / "src"
_GIVEN = "const given = JSON.parse(await new Response(process.stdin).text());\n"
_TOLD = "\nprocess.stdout.write(JSON.stringify(answer));"


def answered(imports: dict[str, Path], script: str, given: Any = None) -> Any:
    """What a script makes of `given`: its `answer`. `imports`: names with commas between, by the module they are in.

    Without a Node the test is skipped.
    """
    try:
        program = str(node()[0])
    except BuildError as error:
        pytest.skip(str(error))
    head = "".join(f'import {{ {names} }} from "{module.as_uri()}";\n' for names, module in imports.items())
    command = [program, "--input-type=module", "--disable-warning=ExperimentalWarning", "-e"]
    done = subprocess.run(
        [*command, head + _GIVEN + script + _TOLD],
        input=orjson.dumps(given),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return orjson.loads(done.stdout)
