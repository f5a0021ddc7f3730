"""What is checked, and against which executable."""
import functools
import os
import pathlib
import re
import subprocess

import yaml

TOOLS = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "nightshift" / "tools"


def run(*command, cwd=None):
    """None if the command succeeded, else what it said."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=60)
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


class Executable:
    """What `nightshift COMMAND --help` says."""

    def __init__(self, path):
        self.path = path

    @functools.cache
    def help(self, words):
        done = subprocess.run([self.path, *words, "--help"], capture_output=True, text=True, timeout=60)
        return done.stdout if done.returncode == 0 else ""

    def subcommands(self, words):
        return set(re.findall(r"^  ([a-z]+)(?: \(default\))?\s", self.help(words).partition("SUBCOMMANDS:")[2], re.M))

    def faults(self, arguments):
        """What is wrong with a command line, its first word after `nightshift`."""
        words = ()
        while len(words) < len(arguments) and arguments[len(words)] in self.subcommands(words):
            words += (arguments[len(words)],)
        if not words:
            return [f"expected a command of nightshift, got {' '.join(arguments[:1]) or 'none'}"]
        default = re.search(r"^  ([a-z]+) \(default\)", self.help(words), re.M)
        text = " ".join(self.help(words + ((default[1],) if default else ())).split())
        usage = text.partition("USAGE:")[2]
        faults, rest = [], list(arguments[len(words):])
        while rest:
            flag, equals, value = rest.pop(0).partition("=")
            if not flag.startswith("--"):
                continue
            if not re.search(rf"{flag}(?![a-z-])", text):
                faults.append(f"expected a flag of `nightshift {' '.join(words)}`, got {flag}")
            elif re.search(rf"{flag}(?![a-z-]) <|{flag} ?<", usage):
                value = value if equals else (rest.pop(0) if rest else "")
                if not value or value.startswith("--"):
                    faults.append(f"expected a value after {flag}, got none")
        return faults


class Tree:
    """The files that are checked; a repository or a copy with something broken."""

    def __init__(self, root, executable):
        self.root, self.executable, self.faults = pathlib.Path(root), executable, []

    def fault(self, where, text):
        self.faults.append(f"{where.relative_to(self.root) if isinstance(where, pathlib.Path) else where}: {text}")

    def read(self, path):
        return (self.root / path).read_text()

    @functools.cached_property
    def manifests(self):
        files = sorted((self.root / "cluster/kubernetes").rglob("*.yaml"))
        return [(file, doc) for file in files for doc in yaml.safe_load_all(file.read_text()) if doc]

    @functools.cached_property
    def grace(self):
        """Seconds after which a role that was told to end gives up."""
        found = re.search(r"maximumGracefulShutdownDuration = \.seconds\((\d+)\)",
                          self.read("Sources/nightshift/Commands/RoleCommands.swift"))
        return int(found[1])
