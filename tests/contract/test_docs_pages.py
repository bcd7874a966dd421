"""All pages for people: their commands are what the parsers take, their links lead somewhere, both languages agree."""

import argparse
import re
import shlex
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from countyhub.cli import parser as hub_parser
from edgeagent.cli import parser as agent_parser

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(path for path in DOCS.rglob("*.md") if "driver_template" not in path.parts)]
)  # fmt: skip
PAIRS = sorted(DOCS.rglob("*.zh.md"))
FENCE = re.compile(r"^( *)(```+)(\w*)[^\n]*\n(.*?)^\1\2[ ]*$", re.DOTALL | re.MULTILINE)
SHELL = {"sh", "console", "bash", "shell"}
PROMPT = re.compile(r"^\s*(?:\w*\$ )?")
INLINE = re.compile(r"(?<!`)`((?:sudo )?(?:edgeagent|countyhub) [^`]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")


def names(path):
    return str(path.relative_to(ROOT))


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


@cache
def parsers():
    return {"edgeagent": agent_parser(), "countyhub": hub_parser()}


def shell_lines(path):
    """Lines of commands without prompts; a line that ends with a backslash goes on in the next."""
    for fence in FENCE.finditer(text_of(path)):
        if fence[3] in SHELL:
            for line in fence[4].replace("\\\n", " ").splitlines():
                yield PROMPT.sub("", line)


def commands(line):
    """Each call of our programs in the line: a list of words."""
    line = re.sub(r"\$\([^)]*\)", "X", line)
    if not re.search(r"\b(edgeagent|countyhub)\b", line) or "…" in line:
        return
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, redirected = [], False
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;"):
            words = words[1:] if words[:1] == ["sudo"] else words
            if words and words[0] in ("edgeagent", "countyhub"):
                yield words
            words, redirected = [], False
        elif set(word) <= set("<>"):
            redirected = True
        elif redirected:
            redirected = False
        else:
            words.append(word)


def below(parser):
    return next((each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction)), None)


def mistake(call):
    """What is wrong with a mention such as `countyhub box add BOX --again`: unknown command or option, else nothing."""
    words = call.removeprefix("sudo ").split()
    parser, rest = parsers()[words[0]], words[1:]
    while (choices := below(parser)) is not None and rest and re.fullmatch(r"[a-z-]+", rest[0]):
        if rest[0] not in choices:
            return f"{call}: no {rest[0]}"
        parser, rest = choices[rest[0]], rest[1:]
    known = {option for action in parser._actions for option in action.option_strings}
    options = [word.partition("=")[0] for word in rest if re.match(r"--[a-z]", word)]
    return next((f"{call}: no {option}" for option in options if option not in known), "")


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_the_commands_of_a_page_are_those_of_the_programs(page, capsys):
    wrong = []
    for line in shell_lines(page):
        for program, *words in commands(line):
            try:
                parsers()[program].parse_args(words)
            except SystemExit:
                wrong.append(f"{line}: {capsys.readouterr().err.strip().splitlines()[-1]}")
    plain = FENCE.sub("", text_of(page))
    wrong += [found for call in INLINE.findall(plain) if (found := mistake(" ".join(call.split())))]
    assert wrong == []


def test_commands_are_found_where_they_stand():
    line = 'sudo edgeagent check --only config && systemctl reload x; countyhub box add 1 > "a b" | less # edgeagent'
    assert list(commands(line)) == [["edgeagent", "check", "--only", "config"], ["countyhub", "box", "add", "1"]]
    assert mistake("edgeagent check --onyl config") == "edgeagent check --onyl config: no --onyl"
    assert mistake("countyhub box ad BOX") == "countyhub box ad BOX: no ad"
    assert mistake("countyhub box") == mistake("sudo edgeagent terminal ID --test") == ""
    assert sum(1 for page in PAGES for line in shell_lines(page) for _ in commands(line)) > 100


@cache
def anchors(path):
    """As GitHub and the site make them from headings; and those that are written out."""
    text = re.sub(r"<!--.*?-->", "", FENCE.sub("", text_of(path)), flags=re.DOTALL)
    found, seen = set(re.findall(r'<a id="([^"]+)"', text)), Counter()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", title)  # noqa: PLW2901
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_the_links_of_a_page_lead_somewhere(page):
    wrong = []
    for target in LINK.findall(re.sub(r"`[^`\n]+`", "x", FENCE.sub("", text_of(page)))):
        if re.match(r"[a-z]+:", target):
            continue  # nobody is asked over a network
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if not path.exists() or ROOT not in path.parents:
            wrong.append(target)
        elif anchor and (path.suffix != ".md" or anchor not in anchors(path)):
            wrong.append(f"{target}: no such heading")
    assert wrong == []


@pytest.mark.parametrize("chinese", PAIRS, ids=names)
def test_both_languages_say_the_same_in_the_same_order(chinese):
    """Headings, tables, lists and commands; a comment behind a command is text."""
    english = chinese.with_name(chinese.name.replace(".zh.", ".en."))

    def bones(path):
        plain = FENCE.sub("", text_of(path))
        lines = [re.match(r" *(#+ |\||\d+\. |- |)", line)[0] for line in plain.splitlines()]
        calls = [line.partition(" #")[0].rstrip() for line in shell_lines(path)]
        return [line for line in lines if line], calls

    assert bones(chinese) == bones(english)
    assert f"({english.name})" in text_of(chinese)
    assert f"({chinese.name})" in text_of(english)


def test_there_are_pairs():
    assert {path.name for path in PAIRS} >= {"technician.zh.md", "operator.zh.md", "threat-model.zh.md"}


CHINESE = "\u4e00-\u9fff"


@pytest.mark.parametrize("page", [*PAIRS, DOCS / "security" / "compliance.md"], ids=names)
def test_chinese_prose_has_chinese_punctuation(page):
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", FENCE.sub("", text_of(page)))
    assert re.findall(rf"[{CHINESE}][,;:?!()]|[,;:?!()][{CHINESE}]", plain) == []
