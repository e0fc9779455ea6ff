"""Scripts, frames, pictures and links of every kind in an answer."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    words = """**Answer to 3(c).**

<script>alert(1)</script> <img src=x onerror=alert(1)> <svg onload=alert(1)> <iframe src=http://evil.example>
[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](data:text/html;base64,PHNjcmlwdD4=)
[d](file:///etc/passwd) ![e](http://evil.example/p.png) ![f](file:///etc/passwd) ![g](//evil.example/p.png)
![h](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+) <base href=http://evil.example>
<meta http-equiv=refresh content="0;url=http://evil.example"> <style>@import url(http://evil.example)</style>
<a href="x" style="background:url(http://evil.example)">x</a> <form action=http://evil.example><input></form>
&lt;script&gt; {{ 7*7 }} {% include "/etc/passwd" %} \\ue0000\\ue001

[x]: javascript:alert(1)
[y][x] <http://evil.example/auto> <javascript:alert(1)>

$\\href{javascript:alert(1)}{x}$ $\\unicode{x3C}script>$ $</code><script>alert(1)</script>$

```html"><script>alert(1)</script>
<script>alert(1)</script>
```

| <b> | ![](http://evil.example) |
|--|--|
| `<script>` | x |
"""
    handed_in(target, with_cells(*markdown(words)))
