"""A `poise serve` of one's own, for tests and measurements in Python: at a free port of this machine's own address."""
import re
import signal
import subprocess
import threading


class Served:
    def __init__(self, poise, *options):
        self.child = subprocess.Popen([poise, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True)
        self.port = 0
        for line in self.child.stderr:
            found = re.search(r"listens at http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        if not self.port:
            raise SystemExit("poise serve does not listen")
        threading.Thread(target=self._pass_over, daemon=True).start()

    def _pass_over(self):
        """A line a request, which nobody reads here."""
        for _ in self.child.stderr:
            pass

    def rss(self):
        """Of the process, in MiB."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024

    def end(self):
        """SIGTERM, and what it ends with."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(60)
