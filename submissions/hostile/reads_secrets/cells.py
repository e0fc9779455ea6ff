# %% last
import glob, os
names = {'tolerance.py', 'expected_data', 'calibration', 'pipeline.py', 'submissions', '.ssh', 'secret.txt', 'expect.toml'}
found = []
for folder, folders, files in os.walk('/', onerror=None):
    if folder.startswith(('/proc', '/sys')) or 'site-packages' in folder or folder.startswith('/usr'):
        folders[:] = []
        continue
    found += [os.path.join(folder, name) for name in names & {*folders, *files}]
found = [path for path in found if 'python3' not in path]
assert not found, found
leaked = [name for name in os.environ if 'GRADER' in name or 'TOKEN' in name or 'API' in name]
assert not leaked, leaked
