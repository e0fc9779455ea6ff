# %% last
import gc
texts = [o for o in gc.get_objects() if isinstance(o, dict)]
hits = [d for d in texts if any(isinstance(k, str) and k in ('expected', 'tolerance', 'max_points') for k in d) and any('pset4' in str(v)[:200] for v in d.values())]
assert not hits
