"""Whether a page can do anything: run, fetch, send, or lead somewhere by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import tinyhtml5

ACTIVE_TAGS = frozenset(
    {
        *("script", "iframe", "frame", "frameset", "object", "embed", "applet", "portal", "base"),
        *("form", "input", "button", "link", "audio", "video", "source", "track", "noscript"),
        *("foreignobject", "animate", "set", "use", "image", "template", "math", "canvas"),
    }
)
"""Elements that a feedback has no use for."""
FETCHED = frozenset(
    {
        *("src", "srcset", "data", "poster", "background", "action", "formaction", "cite", "ping"),
        *("xlink:href", "manifest", "codebase", "classid", "longdesc", "usemap", "srcdoc"),
    }
)
"""Attributes whose value is fetched, or is a page itself."""
POLICY = "default-src 'none'"
"""What the Content-Security-Policy must start with."""

_LINK = re.compile(
    r"(?:#|https?://|mailto:|executed\.ipynb\Z|feedback\.html\Z|\.\./staff\.html(?:#[\w.%~-]+)?\Z|"
    r"\.\./(?!\.)[\w.%~-]+/staff\.html\Z|submission/(?!\S*\.\./)[\w.%~/-]+(?:#page=\d+)?\Z)",
    re.IGNORECASE,
)
"""Addresses that a page of ours may lead to; of files, only those beside it."""
_PICTURE = re.compile(r"data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]*\Z")
_STYLE_FETCH = re.compile(
    r"@import|url\(\s*(?![\"']?data:(?:font|image)/)|expression\(", re.IGNORECASE
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NAMESPACE = re.compile(r"\{[^}]*\}")


def active_content(html: str) -> tuple[str, ...]:
    """Return a line for each thing of a page that could act, as a browser would parse it."""
    root = tinyhtml5.parse(html)
    found = [line for element in root.iter() for line in _element(element)]
    found += _policy(root)
    control = _CONTROLS.search(html)
    if control:
        found.append(f"a control or direction character U+{ord(control[0]):04X}")
    return tuple(dict.fromkeys(found))


def _element(element: Element) -> Iterator[str]:
    if not isinstance(element.tag, str):  # a comment
        return
    tag = _NAMESPACE.sub("", element.tag).lower()
    if tag in ACTIVE_TAGS:
        yield f"<{tag}>"
    if tag == "style" and _STYLE_FETCH.search(element.text or ""):
        yield "a style sheet that fetches"
    for key, value in element.attrib.items():
        yield from _attribute(tag, _NAMESPACE.sub("", str(key)).lower(), value)


def _attribute(tag: str, name: str, value: str) -> Iterator[str]:
    if name.startswith("on"):
        yield f"<{tag} {name}>"
    elif name == "style" and _STYLE_FETCH.search(value):
        yield f"<{tag} style> that fetches"
    elif name == "href" and not (tag == "a" and _LINK.match(value.strip())):
        yield f"<{tag} href> to {value[:60]!r}"
    elif name in FETCHED and not (tag == "img" and name == "src" and _PICTURE.match(value)):
        yield f"<{tag} {name}> of {value[:60]!r}"
    elif name == "http-equiv" and value.lower() != "content-security-policy":
        yield f"<meta http-equiv={value[:40]!r}>"


def _policy(root: Element) -> Iterator[str]:
    policies = [
        element.attrib.get("content", "")
        for element in root.iter()
        if str(element.attrib.get("http-equiv", "")).lower() == "content-security-policy"
    ]
    if len(policies) != 1 or not policies[0].startswith(POLICY):
        yield f"no strict Content-Security-Policy, but {policies}"
    elif "script-src" in policies[0] or "*" in policies[0] or "http" in policies[0]:
        yield f"a lax Content-Security-Policy: {policies[0]}"
