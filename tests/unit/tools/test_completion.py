"""The scripts that complete commands: fresh, and bash does with them what a person expects."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "config" / "completion"
sys.path.insert(0, str(ROOT / "scripts"))

from reference import completion  # noqa: E402  # lies beside generate.py, which finds it the same way


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("edgeagent.bash", completion.edgeagent_bash),
        ("_edgeagent", completion.edgeagent_zsh),
        ("countyhub.bash", completion.countyhub_bash),
        ("_countyhub", completion.countyhub_zsh),
    ],
)
def test_the_scripts_are_fresh(name, make):
    assert (SCRIPTS / name).read_text(encoding="utf-8") == make(), "run scripts/generate.py"


def offered(program: str, *words: str) -> set[str]:
    """What bash offers in place of the last word."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    quoted = " ".join(f"'{word}'" for word in (program, *words))
    script = f"source '{SCRIPTS}/{program}.bash'; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _{program}; "
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=ROOT / "docs")
    return set(done.stdout.split())


def test_commands_options_and_choices():
    assert {"check", "config", "support-bundle", "enroll", "run"} <= offered("edgeagent", "")
    assert offered("edgeagent", "ch") == {"check"}
    assert {"--only", "--offline", "--json", "--config"} <= offered("edgeagent", "check", "--")
    assert "--root" not in offered("edgeagent", "check", "--")  # for tests alone
    assert offered("edgeagent", "check", "--only", "t") == {"tcp", "tls"}
    assert offered("edgeagent", "config", "") >= {"diff"}
    assert offered("edgeagent", "outbox", "ex") == {"export"}
    assert offered("edgeagent", "check", "--config", "check") == {"check.md"}
    assert {"add", "replace", "revoke"} <= offered("countyhub", "box", "")
    assert offered("countyhub", "check", "--only", "back") == {"backup"}


def test_what_no_command_is_offers_nothing():
    assert offered("edgeagent", "nothing-of-ours", "xyz") == set()


def test_zsh_takes_its_script():
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed: apt-get install -y zsh")
    subprocess.run([zsh, "-n", str(SCRIPTS / "_edgeagent")], check=True)
