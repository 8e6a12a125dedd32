"""The command line in processes of its own, since dbt keeps much of a run in memory."""

import subprocess
import sys

Outcome = subprocess.CompletedProcess[str]

# A build on Spark takes minutes.
SECONDS = 300


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command."""
    return subprocess.Popen(
        [sys.executable, "-m", "customer_health", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*arguments: str) -> Outcome:
    """Run a command to its end."""
    process = start(*arguments)
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in err
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def last_line(outcome: Outcome) -> str:
    """Return the last line that a command wrote to stderr."""
    return outcome.stderr.splitlines()[-1]
