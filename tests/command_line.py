"""`slipper` as a person calls it, in this process."""

from __future__ import annotations

import pytest

from testbed import cli


def slipper(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    """Run a command line. Gives its status, standard output and standard error, in which no traceback may stand."""
    capsys.readouterr()
    status = cli.main([str(word) for word in argv])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err
