"""The second host runs in a process of its own, because a process has one user model and one set of settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.hosts import test_behaviour

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(240)
def test_inkpress_passes_the_same_suite_and_its_own(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "tests/hosts", "--ds", "tests.hosts.inkpress.settings", "-q"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", f"--junitxml={report}"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The report is one that we had written ourselves.
    cases = list(ElementTree.parse(report).iter("testcase"))
    passed = {re.sub(r"\[.*", "", case.get("name", "")) for case in cases if len(case) == 0}
    shared = {name for name in vars(test_behaviour) if name.startswith("test_")}
    assert shared <= passed
    assert any("test_inkpress" in case.get("classname", "") for case in cases)
