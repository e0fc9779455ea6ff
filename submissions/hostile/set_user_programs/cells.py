# %% last
import subprocess
for command in (['su', '-c', 'id'], ['sudo', '-n', 'id'], ['mount', '-t', 'tmpfs', 'x', '/tmp'], ['unshare', '-r', 'id'],
                ['bwrap', '--ro-bind', '/', '/', 'id'], ['newgrp', 'root'], ['chroot', '/', 'id']):
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        continue
    assert done.returncode != 0, command
