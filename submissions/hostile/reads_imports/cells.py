# %% last
import importlib
for name in ('grader', 'reference', 'tests', 'grader.tolerance', 'reference.conv'):
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    raise AssertionError(name)
