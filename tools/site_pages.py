"""Adds pages from outside of docs/ to the documentation site, so that links work on a code host and on the site.

A hook of MkDocs. README.md is the site's first page; other Markdown files of the repository are pages below
repository/. Any other file that a page links to (a suite, a table) is copied; a folder leads to its README or to a list
of its files.
"""

import posixpath
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md", "results/README.md", "reports/README.md",
         "examples/README.md")  # fmt: skip
OUTSIDE = "repository/"
"""Folder of the site for files that aren't below docs/."""
LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside of docs/, and whatever any page links to."""
    for name in PAGES:
        files.append(File.generated(config, _on_site(name), content=(ROOT / name).read_text(encoding="utf-8")))
    for page in [file for file in files if file.is_documentation_page()]:
        for _, link, _, _ in LINK.findall(page.content_string):
            target = _target(page.src_uri, link)
            if target is None or files.get_file_from_path(_on_site(target)):
                continue
            if (ROOT / target).is_dir():
                names = sorted(path.name for path in (ROOT / target).iterdir())
                listed = "\n".join(f"- `{name}`" for name in names)
                content = f"# {target}\n\nA folder of the repository:\n\n{listed}\n"
                files.append(File.generated(config, f"{_on_site(target)}/index.md", content=content))
            else:
                files.append(File.generated(config, _on_site(target), content=(ROOT / target).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Rewrite a page's links to their places on the site."""

    def led(found: re.Match[str]) -> str:
        before, link, anchor, after = found.groups()
        target = _target(page.file.src_uri, link)
        if target is None:
            return found.group()
        place = f"{_on_site(target)}/index.md" if (ROOT / target).is_dir() else _on_site(target)
        relative = posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".")
        return f"{before}{relative}{anchor or ''}{after}"

    return LINK.sub(led, markdown)


def _source(uri: str) -> PurePosixPath:
    """A page's place in the repository."""
    if uri == "index.md":
        return PurePosixPath("README.md")
    return PurePosixPath(uri.removeprefix(OUTSIDE) if uri.startswith(OUTSIDE) else f"docs/{uri}")


def _target(uri: str, link: str) -> str | None:
    """The place in the repository that a page's relative link leads to; None for other links, and for dead ones."""
    if "://" in link or link.startswith(("mailto:", "/")):
        return None
    target = posixpath.normpath(str(_source(uri).parent / link))
    if target.startswith("..") or not (ROOT / target).exists():
        return None
    readme = posixpath.join(target, "README.md")
    return readme if (ROOT / readme).is_file() else target


def _on_site(target: str) -> str:
    """A place in the repository as a place on the site."""
    if target == "README.md":
        return "index.md"
    return target.removeprefix("docs/") if target.startswith("docs/") else OUTSIDE + target
