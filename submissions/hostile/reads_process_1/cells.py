# %% last
import os
for pid in [int(n) for n in os.listdir('/proc') if n.isdigit()]:
    if pid == os.getpid():
        continue
    for name in ('mem', 'environ'):
        try:
            with open(f'/proc/{pid}/{name}', 'rb') as file:
                text = file.read(4096)
        except OSError:
            continue
        assert not text, (pid, name, text[:100])
    try:
        seen = os.listdir(f'/proc/{pid}/root/home')
    except OSError:
        seen = []
    assert not seen, seen
