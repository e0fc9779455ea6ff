# %% last
raise ValueError(
    "=HYPERLINK(1) <script>alert(1)</script> ![x](http://evil.example/p.png) \x1b]52;c;aGk=\x07 \u202etxt"
)
