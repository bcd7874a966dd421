"""Scripts that complete commands, options and choices in bash and zsh, made from the parsers of our two programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from countyhub.cli import parser as countyhub_parser
from edgeagent.cli import parser as edgeagent_parser

_HEAD = "# Written by scripts/generate.py from the program's own options; do not edit.\n"


class Words(NamedTuple):
    """What may follow after a command. `values`: option -> its choices, or `FILE`, or empty for free text."""

    commands: tuple[str, ...]
    options: tuple[str, ...]
    values: dict[str, str]
    files: bool


def edgeagent_bash() -> str:
    return bash("edgeagent", edgeagent_parser())


def countyhub_bash() -> str:
    return bash("countyhub", countyhub_parser())


def edgeagent_zsh() -> str:
    return zsh("edgeagent", edgeagent_parser())


def countyhub_zsh() -> str:
    return zsh("countyhub", countyhub_parser())


def tree(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Words]]:
    """Every command with what may follow, from the outside in."""
    options: list[str] = []
    values: dict[str, str] = {}
    below: dict[str, argparse.ArgumentParser] = {}
    words: list[str] = []
    files = False
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = dict(action.choices)
        elif action.help == argparse.SUPPRESS:
            continue
        elif action.option_strings:
            options += action.option_strings
            for name in action.option_strings if action.nargs != 0 else ():
                values[name] = "FILE" if action.type is Path else " ".join(map(str, action.choices or ()))
        else:
            words += list(map(str, action.choices or ()))
            files = files or action.type is Path
    yield path, Words((*below, *words), tuple(options), values, files)
    for name, inner in below.items():
        yield from tree(inner, (*path, name))


def bash(program: str, parser: argparse.ArgumentParser) -> str:
    """A function for `complete -F`: finds the command, then offers what may follow."""
    found = dict(tree(parser))
    function = f"_{program}"
    lines = [
        _HEAD + f"{function}() {{",
        '    local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
    ]
    lines += ['    local path="" word offer="" files=""', '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do']
    lines += ['        case "$path $word" in']
    lines += [f'            "{" ".join(("", *path))}") path="{" ".join(("", *path))}" ;;' for path in found if path]
    lines += ["        esac", "    done", '    case "$path:$before" in']
    for path, words in found.items():
        for name, choices in words.values.items():
            offer = "files=yes" if choices == "FILE" else f'offer="{choices}"'
            lines.append(f'        "{"".join(f" {each}" for each in path)}:{name}") {offer} ;;')
    lines += ['        *) case "$path" in']
    for path, words in found.items():
        offer = " ".join((*words.commands, *words.options))
        more = "; files=yes" if words.files else ""
        lines.append(f'            "{"".join(f" {each}" for each in path)}") offer="{offer}"{more} ;;')
    lines += ["        esac ;;", "    esac", '    COMPREPLY=($(compgen -W "$offer" -- "$current"))']
    lines += ['    [ -n "$files" ] && COMPREPLY+=($(compgen -f -- "$current"))', "    return 0", "}"]
    return "\n".join([*lines, f"complete -o filenames -F {function} {program}", ""])


def zsh(program: str, parser: argparse.ArgumentParser) -> str:
    """zsh understands bash's."""
    return f"#compdef {program}\nautoload -U +X bashcompinit && bashcompinit\n" + bash(program, parser)
