# %% last
import atexit, time
atexit.register(lambda: time.sleep(3600))
class Bomb:
    def __del__(self):
        while True:
            time.sleep(3600)
bomb = Bomb()
