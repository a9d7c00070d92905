"""A page's tags, links and text, for tests that ask what a report says."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Outline(HTMLParser):
    """Checks that tags nest, and collects what tests ask for."""

    def __init__(self):
        super().__init__()
        self.stack, self.ids, self.hrefs, self.tags, self.text = [], [], [], [], []
        self.read, self.prose = [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.hrefs.append(found.get("href", ""))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if "id" in dict(attrs):
            self.ids.append(dict(attrs)["id"])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if not {"script", "style", "svg"} & set(self.stack):
            self.read.append(data)
        if {"p", "figcaption"} & set(self.stack) and "table" not in self.stack:
            self.prose.append(data)


def outline(path: Path) -> Outline:
    parser = Outline()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.stack == []
    return parser
