"""The page at /graphql: its sources, and where what is built of them lies. The server reads it.

src/           the page's own code: GraphiQL, and the panels beside it
package.json   the packages it is made with, each of one version; the lock names no address to load them from
build.mjs      src/ -> built/, with esbuild
examples       the folder of examples -> cards
landing.html   what is at `/`
unbuilt.html   what is at /graphql where the page was not built
__main__       `python -m hub.pages`: a Node.js from PyPI or of the machine installs the packages and runs `build.mjs`
built/         scripts, styles and workers under the hash of their content, compressed; not in the repository

Decided: built on the machine where the hub is installed. Because: a bundle in the repository is a megabyte that nobody
can review, and one from elsewhere is not to be had in a closed network. Without it the hub serves all the same, and the
page says how it is built.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER / "built"
