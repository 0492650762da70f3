"""Read a page as a browser would: texts, tables, references, pictures."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "hr", "img", "link", "input"}
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """A parsed page; refuses tags that do not close as they opened."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html = html
        self.open, self.tags, self.attributes = [], [], []
        self.rows, self.words = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words.append(data)
        if {"td", "th"}.intersection(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def values(self, name):
        return [value for _, key, value in self.attributes if key == name]

    def pictures(self):
        return [
            ET.fromstring(found)  # noqa: S314 - our own page
            for found in re.findall(r"<svg.*?</svg>", self.html, re.DOTALL)
        ]


def words_of(picture):
    return [element.text for element in picture.iter(f"{SVG}text")]


def paths_of(picture):
    return [element.get("d") for element in picture.iter(f"{SVG}path")]
