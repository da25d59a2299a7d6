"""Callers in threads of their own, who go on until the end; what failed is told then.

with Callers([partial(step, user) for user in users], pause=0.03) as callers:  # step(user, number) again and again
    ...
assert callers.failures == []
"""

import itertools
import threading


class Callers:
    """steps: what each caller does, given how many times it has done so; pause: seconds between two of them."""

    def __init__(self, steps, pause):
        self.pause = pause
        self.over = threading.Event()
        self.failures = []
        self.threads = [threading.Thread(target=self._run, args=(step,)) for step in steps]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self, step):
        for number in itertools.count():
            if self.over.wait(self.pause):
                return
            try:
                step(number)
            except Exception as error:  # whatever it is, no call was to fail
                self.failures.append(repr(error))
